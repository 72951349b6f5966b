import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import type { RawMessage } from '../../domain/index.ts'
import { createMemoryMessageLog } from '../../message-log/index.ts'
import { createArrivals } from './arrivals.ts'
import { forward } from './forward.ts'
import { createRanges } from './ranges.ts'
import { readUplinkPacket } from './uplink-packet.ts'

const message = (bytes: number): RawMessage => ({
  ...{ topic: 'v1/s1/d1/telemetry', payload: new Uint8Array(bytes), receivedAt: 1 },
  ...{ qos: 1, retain: false, clientId: null },
})

async function until(isTrue: () => boolean): Promise<void> {
  for (let waited = 0; !isTrue(); waited += 5) {
    if (waited > 3000) throw new Error('did not happen within 3 s')
    await sleep(5)
  }
}

describe('forwarding', () => {
  const aborts: AbortController[] = []
  afterEach(() => {
    for (const abort of aborts.splice(0)) abort.abort()
  })

  const open = (settings: { maxPacketBytes?: number; batchBytes?: number } = {}) => {
    const time = { now: 0 }
    const monotonic = { now: () => time.now }
    const log = createMemoryMessageLog()
    const arrivals = createArrivals({ monotonic, before: { runMs: 0, marks: [] } })
    const acknowledged = createRanges()
    const sent: { from: number; to: number; isBacklog: boolean; answer: () => void }[] = []
    const skipped: [number, number, string][] = []
    const append = async (count: number, bytes = 10): Promise<void> => {
      const all = Array.from({ length: count }, () => message(bytes))
      arrivals.reached((await log.append(all)).at(-1)!)
    }
    const start = () => {
      const abort = new AbortController()
      aborts.push(abort)
      const done = forward({
        ...{ log, logId: '0'.repeat(32), arrivals, acknowledged, start: () => 1 },
        publish(payload, answered) {
          const { messages, isBacklog } = readUplinkPacket(payload)!
          const [from, to] = [messages[0]!.position, messages.at(-1)!.position]
          sent.push({ from, to, isBacklog, answer: () => answered(true) })
        },
        onAcknowledged: () => undefined,
        onSkipped: (from, to, reason) => skipped.push([from, to, reason]),
        onLiveFrom: () => undefined,
        settings: {
          ...{ maxPacketBytes: 65_536, batchBytes: 65_536, backlogPerSecond: 0 },
          ...{ lingerMs: 1, liveLagMs: 10_000 },
          ...settings,
        },
        ...{ clock: { now: () => 1 }, monotonic, signal: abort.signal },
      })
      return { abort, done }
    }
    return { time, log, acknowledged, sent, skipped, append, start }
  }

  it('sends what came before as backlog and what comes as live, and remembers what is acknowledged only', async () => {
    const { acknowledged, sent, append, start } = open()
    await append(5)
    start()
    await until(() => sent.length === 1)
    await append(3)
    await until(() => sent.length === 2)
    expect(sent.map(({ from, to, isBacklog }) => [from, to, isBacklog])).toEqual([
      [1, 5, true],
      [6, 8, false],
    ])
    sent[1]!.answer()
    expect(acknowledged.list()).toEqual([[6, 8]])
  })

  it('counts no acknowledgement that comes after its connection', async () => {
    const { acknowledged, sent, append, start } = open()
    await append(5)
    const first = start()
    await until(() => sent.length === 1)
    first.abort.abort()
    await first.done
    sent[0]!.answer()
    expect(acknowledged.list()).toEqual([])
    start()
    await until(() => sent.length === 2)
    expect([sent[1]!.from, sent[1]!.to]).toEqual([1, 5])
  })

  it('makes live messages backlog where the line does not carry them, and goes on from the end', async () => {
    const { time, sent, append, start } = open({ batchBytes: 4096 })
    start()
    // 32 batches of one long message each fill the window; nothing is acknowledged.
    for (let batch = 0; batch < 33; batch++) {
      await append(1, 4000)
      time.now += 150
      await sleep(2)
    }
    await until(() => sent.length === 32)
    time.now += 11_000
    await append(1, 4000)
    for (const { answer } of sent.slice(0, 32)) answer()
    await append(1, 4000)
    await until(() => sent.length === 35)
    const late = sent.slice(32).map(({ from, isBacklog }) => [from, isBacklog] as const)
    expect(new Map(late)).toEqual(
      new Map([
        [33, true],
        [34, true],
        [35, false],
      ]),
    )
  })

  it('passes by a message that no batch can hold, and says so', async () => {
    const { sent, skipped, append, start } = open({ maxPacketBytes: 4096, batchBytes: 2048 })
    await append(1)
    await append(1, 6000)
    await append(1, 3000)
    start()
    await until(() => sent.length === 2)
    expect(sent.map(({ from, to }) => [from, to])).toEqual([
      [1, 1],
      [3, 3],
    ])
    expect(skipped).toEqual([[2, 2, 'too-long']])
  })
})
