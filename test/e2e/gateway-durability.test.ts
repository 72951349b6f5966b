import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { connectAsync } from 'mqtt'
import { afterAll, describe, expect, it } from 'vitest'
import { LarderError, type RawMessage } from '../../domain/index.ts'
import {
  createMemoryMessageLog,
  openSqliteMessageLog,
  type MessageLog,
} from '../../message-log/index.ts'
import { readMessages, textOf } from '../../message-log/message-log.contract.ts'
import { createRandom, wallClock } from '../../runtime/index.ts'
import { startTestGateway } from '../support/start-test-gateway.ts'
import { until } from '../support/until.ts'

const folder = mkdtempSync(join(tmpdir(), 'larder-gateway-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const program = new URL('../support/gateway-process.ts', import.meta.url)

/** A memory log whose appends end when the test says so. */
function createHeldLog() {
  const inner = createMemoryMessageLog()
  const held: { release: () => void; fail: (error: Error) => void }[] = []
  const log: MessageLog = {
    ...inner,
    append: (messages: readonly RawMessage[]) =>
      new Promise((resolve, reject) =>
        held.push({ release: () => resolve(inner.append(messages)), fail: reject }),
      ),
  }
  return { log, held }
}

describe('an acknowledgement of the gateway', () => {
  it.each([1, 2] as const)('at QoS %i comes only after the append', async (qos) => {
    const { log, held } = createHeldLog()
    const test = await startTestGateway(log)
    const device = await test.connect(test.registry.addDevice('s1', 'd1'))
    const answers: string[] = []
    device.on('packetreceive', ({ cmd }) => answers.push(cmd))
    const published = device.publishAsync('v1/s1/d1/telemetry', '{}', { qos })
    await until(() => held.length === 1)
    await sleep(100)
    expect(answers).toEqual([])
    held[0]!.release()
    await published
    expect(answers[0]).toBe(qos === 1 ? 'puback' : 'pubrec')
    await test.stop()
  })

  it('does not come where the append fails: the connection closes, and the device sends again', async () => {
    const { log, held } = createHeldLog()
    const test = await startTestGateway(log)
    const device = await test.connect(test.registry.addDevice('s1', 'd1'))
    const answers: string[] = []
    device.on('packetreceive', ({ cmd }) => answers.push(cmd))
    device.publish('v1/s1/d1/telemetry', '{}', { qos: 1 })
    await until(() => held.length === 1)
    held[0]!.fail(new LarderError('RT_DISK_FULL', 'full'))
    await until(() => !device.connected)
    expect(answers).toEqual([])
    await test.stop()
  })

  it('of a Will does not exist, but the Will is in the log, without a client', async () => {
    const log = createMemoryMessageLog()
    const test = await startTestGateway(log)
    const will = { topic: 'v1/s1/d1/state', payload: Buffer.from('gone'), qos: 1, retain: true }
    const device = await test.connect({
      ...test.registry.addDevice('s1', 'd1'),
      options: { will: { ...will, qos: 1 } },
    })
    device.stream.destroy()
    const [batch] = await readMessages(log, 1)
    expect(
      batch!.messages.map((one) => [one.topic, textOf(one), one.retain, one.clientId]),
    ).toEqual([['v1/s1/d1/state', 'gone', true, null]])
    await test.stop()
  })

  it('outlives SIGKILL in mid-stream: what the publisher was told is kept is in the log, once per sending', async () => {
    const random = createRandom(7)
    const file = join(folder, 'killed.db')
    const acknowledged: number[] = []
    let sent = 0
    for (let kill = 0; kill < 3; kill++) {
      const server = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(program), file], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const login = JSON.parse(await firstLine(server.stdout)) as { port: number; password: string }
      const device = await connectAsync(`mqtt://127.0.0.1:${login.port}`, {
        username: 's1/d1',
        clientId: 's1.d1',
        password: login.password,
        reconnectPeriod: 0,
      })
      device.on('error', () => undefined)
      let isOver = false
      let inFlight = 0
      const pump = (): void => {
        while (!isOver && inFlight < 500) {
          const number = sent++
          inFlight++
          device.publish('v1/s1/d1/telemetry', String(number), { qos: 1 }, (error) => {
            inFlight--
            if (!error) acknowledged.push(number)
            if (!isOver) setImmediate(pump)
          })
        }
      }
      const exit = new Promise((resolve) => server.once('exit', resolve))
      const countBefore = acknowledged.length
      pump()
      await until(() => acknowledged.length > countBefore + 200)
      await sleep(random.next() * 300)
      server.kill('SIGKILL')
      await exit
      isOver = true
      await device.endAsync(true)
    }
    const notices: string[] = []
    const log = openSqliteMessageLog({ file, wall: wallClock, notice: (n) => notices.push(n) })
    const { messages, holes } = await log.stats()
    const read = (await readMessages(log, messages)).flatMap((batch) => batch.messages)
    const kept = new Set(read.map((one) => Number(textOf(one))))
    expect(acknowledged.length).toBeGreaterThan(600)
    expect(acknowledged.filter((number) => !kept.has(number))).toEqual([])
    expect(kept.size).toBe(read.length)
    expect([...kept].every((number) => number < sent)).toBe(true)
    expect([holes, notices]).toEqual([[], []])
    await log.close()
  })
})

function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve) => stream.once('data', (bytes: Buffer) => resolve(String(bytes))))
}
