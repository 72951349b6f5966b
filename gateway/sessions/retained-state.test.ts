import { afterEach, describe, expect, it } from 'vitest'
import type { RawMessage } from '../../domain/index.ts'
import { createMemoryMessageLog, type MessageLog } from '../../message-log/index.ts'
import { silentLogger } from '../../runtime/index.ts'
import { createMemoryDeviceRegistry } from '../../test/support/memory-device-registry.ts'
import { restoreRetained, type RetainedState } from './retained-state.ts'

const message = (topic: string, text: string, retain = true): RawMessage => ({
  ...{ topic, payload: Buffer.from(text), receivedAt: 7, qos: 1, retain, clientId: null },
})

describe('retained state', () => {
  const open: RetainedState[] = []
  afterEach(async () => {
    for (const state of open.splice(0)) await state.stop()
  })

  const start = async (log: MessageLog, store = createMemoryDeviceRegistry()) => {
    const retained = new Map<string, string>()
    const state = await restoreRetained({
      store,
      log,
      retain: (packet) => {
        const text = packet.payload.toString()
        if (text === '') retained.delete(packet.topic)
        else retained.set(packet.topic, text)
        return Promise.resolve()
      },
      logger: silentLogger,
    })
    open.push(state)
    const append = async (...messages: RawMessage[]): Promise<void> => {
      const positions = await log.append(messages)
      state.appended({ messages, positions, seconds: 0, error: null })
    }
    return { state, retained, append }
  }

  it('is there again after a stop, the newest of each topic', async () => {
    const log = createMemoryMessageLog()
    const store = createMemoryDeviceRegistry()
    const first = await start(log, store)
    await first.append(message('a', '1'), message('b', '1'), message('c', '1', false))
    await first.append(message('a', '2'), message('b', ''))
    await first.state.stop()
    const second = await start(log, store)
    expect([...second.retained]).toEqual([['a', '2']])
  })

  it('is found in the log where the gateway was killed before it was kept', async () => {
    const log = createMemoryMessageLog()
    const store = createMemoryDeviceRegistry()
    const kept = await start(log, store)
    await kept.append(message('a', '1'), message('b', '1'))
    await kept.state.stop()
    await log.append([message('a', '2'), message('x', '1', false), message('b', '')])
    const next = await start(log, store)
    expect([...next.retained]).toEqual([['a', '2']])
    await next.state.stop()
    expect((await store.retained()).messages.map(({ topic }) => topic)).toEqual(['a'])
  })

  it('keeps what the store refused until it takes it', async () => {
    const log = createMemoryMessageLog()
    const store = createMemoryDeviceRegistry()
    let isDown = true
    const { state, append } = await start(log, {
      ...store,
      keepRetained: (...kept) =>
        isDown ? Promise.reject(new Error('away')) : store.keepRetained(...kept),
    })
    await append(message('a', '1'))
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect((await store.retained()).messages).toEqual([])
    isDown = false
    await state.stop()
    expect((await store.retained()).messages.map(({ topic }) => topic)).toEqual(['a'])
  })

  it('takes nothing of an append that failed', async () => {
    const log = createMemoryMessageLog()
    const store = createMemoryDeviceRegistry()
    const { state } = await start(log, store)
    state.appended({
      ...{ messages: [message('a', '1')], positions: [], seconds: 0, error: new Error('full') },
    })
    await state.stop()
    expect((await store.retained()).messages).toEqual([])
  })
})
