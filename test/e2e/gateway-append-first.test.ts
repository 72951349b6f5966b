import { setTimeout as sleep } from 'node:timers/promises'
import type { Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { MqttClient } from 'mqtt'
import { LarderError, type RawMessage } from '../../domain/index.ts'
import { createMemoryMessageLog, type MessageLog } from '../../message-log/index.ts'
import {
  connectRaw,
  packetType,
  publishFrame,
  releaseFrame,
  textField,
} from '../support/raw-mqtt.ts'
import { startTestGateway, type TestGateway } from '../support/start-test-gateway.ts'
import { until } from '../support/until.ts'

/**
 * The gateway's promise hangs on one hook of aedes, `authorizePublish`, that everything published passes before it is
 * answered or given to anybody. A version of aedes that moves it turns these red.
 */
interface HeldAppend {
  readonly messages: readonly RawMessage[]
  release(): void
  fail(): void
}

let held: HeldAppend[]
let test: TestGateway
let watcher: MqttClient
let delivered: string[]

beforeEach(async () => {
  held = []
  delivered = []
  const inner = createMemoryMessageLog()
  const log: MessageLog = {
    ...inner,
    append: (messages) =>
      new Promise((resolve, reject) =>
        held.push({
          messages,
          release: () => resolve(inner.append(messages)),
          fail: () => reject(new LarderError('RT_DISK_FULL', 'full')),
        }),
      ),
  }
  test = await startTestGateway(log)
  watcher = await test.connect(test.registry.add('watcher', 'operator', { subscribe: ['v1/s1/#'] }))
  await watcher.subscribeAsync('v1/s1/#', { qos: 1 })
  watcher.on('message', (topic, payload) => delivered.push(`${topic} ${payload.toString()}`))
})

afterEach(async () => {
  for (const append of held) append.release()
  await test.stop()
})

/** Long enough for what is not held back to arrive. */
const aWhile = (): Promise<void> => sleep(150)

describe('before the append is durable', () => {
  it.each([
    [0, false],
    [0, true],
    [1, false],
    [1, true],
    [2, false],
    [2, true],
  ] as const)('a message of QoS %i (retained: %s) is delivered to nobody', async (qos, retain) => {
    const device = await test.connect(test.registry.addDevice('s1', 'd1'))
    const answers: string[] = []
    device.on('packetreceive', ({ cmd }) => answers.push(cmd))
    device.publish('v1/s1/d1/state', 'on', { qos, retain })
    await until(() => held.length === 1)
    await aWhile()
    expect([answers, delivered]).toEqual([[], []])
    held[0]!.release()
    await until(() => delivered.length === 1)
    expect(delivered).toEqual(['v1/s1/d1/state on'])
    if (qos > 0) await until(() => answers.length > 0)
  })

  it('a Will is delivered to nobody, and one that cannot be kept never is', async () => {
    const dieWithWill = async (device: string): Promise<void> => {
      const will = { topic: `v1/s1/${device}/state`, payload: Buffer.from('gone'), retain: true }
      const login = test.registry.addDevice('s1', device)
      const client = await test.connect({ ...login, options: { will: { ...will, qos: 1 } } })
      client.stream.destroy()
    }
    await dieWithWill('d1')
    await until(() => held.length === 1)
    await aWhile()
    expect(delivered).toEqual([])
    held[0]!.release()
    await until(() => delivered.length === 1)
    await dieWithWill('d2')
    await until(() => held.length === 2)
    held[1]!.fail()
    await aWhile()
    expect(delivered).toEqual(['v1/s1/d1/state gone'])
  })

  it('a retained message is retained for nobody', async () => {
    const device = await test.connect(test.registry.addDevice('s1', 'd1'))
    device.publish('v1/s1/d1/state', 'on', { qos: 1, retain: true })
    await until(() => held.length === 1)
    const later = await test.connect({
      ...test.registry.add('later', 'operator', { subscribe: ['v1/s1/#'] }),
      clientId: 'later',
    })
    const seen: string[] = []
    later.on('message', (_, payload) => seen.push(payload.toString()))
    await later.subscribeAsync('v1/s1/d1/state', { qos: 1 })
    await aWhile()
    expect(seen).toEqual([])
    held[0]!.release()
    await until(() => seen.length === 1)
  })
})

describe('a QoS 2 message sent again', () => {
  const connectDevice = async (): Promise<{ socket: Socket; answers: number[] }> => {
    const answers: number[] = []
    const login = test.registry.addDevice('s1', 'd1')
    const socket = await connectRaw(test.gateway.port, login, (type) => answers.push(type))
    return { socket, answers }
  }
  const publish = publishFrame(textField('v1/s1/d1/telemetry'), Buffer.from('once'), {
    ...{ id: 7, qos: 2 },
  })
  const again = Buffer.from(publish)
  again[0]! |= 8

  it('while its append runs is answered after it, kept once and delivered once', async () => {
    const { socket, answers } = await connectDevice()
    socket.write(publish)
    await until(() => held.length === 1)
    socket.write(again)
    await aWhile()
    expect(answers).toEqual([])
    held[0]!.release()
    await until(() => answers.length === 2)
    socket.write(again)
    await until(() => answers.length === 3)
    expect(answers).toEqual(Array(3).fill(packetType.pubrec))
    socket.write(releaseFrame(7))
    await until(() => answers.length === 4)
    await aWhile()
    expect(held.length).toBe(1)
    expect(delivered).toEqual(['v1/s1/d1/telemetry once'])
    socket.destroy()
  })

  it('is not answered where it cannot be kept: the connection closes', async () => {
    const { socket, answers } = await connectDevice()
    socket.write(publish)
    await until(() => held.length === 1)
    held[0]!.fail()
    await until(() => socket.closed)
    expect([answers, delivered]).toEqual([[], []])
  })
})
