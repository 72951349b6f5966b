import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fleetLogin, watchLogin } from '../support/fleet-registry.ts'
import { startLoneGateway, type LoneGateway } from '../support/lone-gateway.ts'
import {
  connectFrame,
  connectRaw,
  packetType,
  publishFrame,
  readPublish,
  subscribeFrame,
  textField,
} from '../support/raw-mqtt.ts'
import { scaled } from '../support/torture.ts'

/** CONNECT and PUBLISH that announce 256 MB. */
const announcedConnect = Buffer.from('10ffffff7f', 'hex')
const announcedPublish = Buffer.from('30ffffff7f', 'hex')
const attackers = 200
const allowedMb = 20

async function openSockets(port: number, count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1'))
  for (const socket of sockets) socket.on('error', () => undefined)
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  return sockets
}

/** Milliseconds until the gateway has closed it. */
async function untilClosed(socket: Socket, since = performance.now()): Promise<number> {
  socket.resume()
  // Not `once` of node:events, which a reset would reject.
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
  return performance.now() - since
}

const median = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)]!

describe('a gateway with the settings that it comes with', () => {
  let gateway: LoneGateway
  beforeEach(async () => {
    gateway = await startLoneGateway({ file: null })
  })
  afterEach(() => gateway.kill())

  it('spends nothing on 200 sockets that announce 256 MB before login, and closes them at once', async () => {
    const sockets = await openSockets(gateway.port, attackers)
    const before = (await gateway.report()).rssMb
    const since = performance.now()
    const closed = sockets.map((socket) => {
      socket.write(announcedConnect)
      socket.write(Buffer.alloc(256 * 1024))
      return untilClosed(socket, since)
    })
    const ms = await Promise.all(closed)
    const after = await gateway.report()
    const [half, last] = [Math.round(median(ms)), Math.round(Math.max(...ms))]
    console.log(
      `oversize: ${before} -> ${after.rssMb} MB, closed after ${half} ms (median), ${last} ms (last)`,
    )
    expect(after.rssMb - before).toBeLessThan(allowedMb)
    expect(after.refused).toBe(attackers)
    expect(Math.max(...ms)).toBeLessThan(2000)
  })

  it('spends nothing on devices that announce 256 MB after login either', async () => {
    const logins = Array.from({ length: attackers }, (_, n) => fleetLogin('s1', `d${n}`))
    const sockets = await Promise.all(
      logins.map((login) => connectRaw(gateway.port, login, () => undefined)),
    )
    const before = (await gateway.report()).rssMb
    await Promise.all(
      sockets.map((socket) => {
        socket.write(announcedPublish)
        socket.write(Buffer.alloc(256 * 1024))
        return untilClosed(socket)
      }),
    )
    const after = await gateway.report()
    console.log(`oversize after login: ${before} -> ${after.rssMb} MB`)
    expect(after.rssMb - before).toBeLessThan(allowedMb)
    expect(after.connections).toBe(0)
  })

  it('closes who sends a packet byte by byte after 10 seconds, before login and after', async () => {
    const login = fleetLogin('s1', 'd1')
    const device = await connectRaw(gateway.port, login, () => undefined)
    const [stranger] = await openSockets(gateway.port, 1)
    const trickles: readonly (readonly [Socket, Buffer])[] = [
      [
        device,
        publishFrame(textField('v1/s1/d1/telemetry'), Buffer.alloc(50_000), { id: 1, qos: 1 }),
      ],
      [stranger!, connectFrame(fleetLogin('s1', 'd2'))],
    ]
    const ms = await Promise.all(
      trickles.map(async ([socket, packet]) => {
        const closed = untilClosed(socket)
        for (let at = 0; !socket.closed && at < packet.length; at++) {
          socket.write(packet.subarray(at, at + 1))
          await Promise.race([sleep(1000), closed])
        }
        return closed
      }),
    )
    console.log(`trickle: closed after ${ms.map(Math.round).join(' and ')} ms`)
    for (const each of ms) expect(each).toBeGreaterThan(9000)
    for (const each of ms) expect(each).toBeLessThan(11_000)
  })

  it('delivers everything to a healthy subscriber, at most 2.5 s late, while another is frozen', async () => {
    const loadMs = scaled(12_000, 60_000)
    let received = 0
    const seen = new Set<string>()
    let lastAt = performance.now()
    let worstGapMs = 0
    const frozen = await connectRaw(gateway.port, { ...watchLogin, clientId: 'frozen' }, () => {
      frozen.pause()
    })
    const healthy = await connectRaw(gateway.port, watchLogin, (type, body, first) => {
      if (type !== packetType.publish) return
      const { topic, payload } = readPublish(first, body)
      if (!topic.endsWith('/telemetry')) return
      worstGapMs = Math.max(worstGapMs, performance.now() - lastAt)
      lastAt = performance.now()
      received++
      seen.add(payload.slice(0, 20))
    })
    for (const socket of [frozen, healthy]) socket.write(subscribeFrame(1, 'v1/#'))
    await sleep(200)

    const devices = 10
    const window = 20
    const filler = 'x'.repeat(1000)
    let sent = 0
    let isOver = false
    const until = performance.now() + loadMs
    const load = Array.from({ length: devices }, async (_, n) => {
      const topic = textField(`v1/s1/d${n}/telemetry`)
      let inFlight = 0
      let wake: () => void = () => undefined
      const device = await connectRaw(gateway.port, fleetLogin('s1', `d${n}`), (type) => {
        if (type !== packetType.puback) return
        inFlight--
        wake()
      })
      for (let id = 1; performance.now() < until; id = (id % 65_535) + 1) {
        const label = `${n}:${sent++}`.padEnd(20)
        device.write(publishFrame(topic, Buffer.from(label + filler), { id, qos: 1 }))
        if (++inFlight >= window) await new Promise<void>((resolve) => (wake = resolve))
      }
      while (inFlight > 0) await new Promise<void>((resolve) => (wake = resolve))
      isOver = true
    })
    lastAt = performance.now()
    await Promise.all(load)
    for (let waited = 0; received < sent && waited < 5000; waited += 20) await sleep(20)
    expect(isOver).toBe(true)
    const { connections } = await gateway.report()
    console.log(
      `frozen subscriber: the healthy one got ${received} of ${sent}, worst gap ${Math.round(worstGapMs)} ms`,
    )
    expect(received).toBe(sent)
    expect(seen.size).toBe(sent)
    expect(worstGapMs).toBeLessThanOrEqual(2500)
    expect(connections, 'the frozen one is gone').toBe(devices + 1)
  })
})

it('closes a slow sender however it spreads its bytes, and no slow device that ends its packets', async () => {
  const gateway = await startLoneGateway({ file: null, mqtt: { frameDeadlineMs: 1000 } })
  const packet = publishFrame(textField('v1/s1/d1/telemetry'), Buffer.alloc(400), { id: 1, qos: 1 })
  const attacks = [1, 3, 7, 13].map(async (bytes, n) => {
    const login = fleetLogin('s1', `slow-${n}`)
    const socket = await connectRaw(gateway.port, login, () => undefined)
    const closed = untilClosed(socket)
    for (let at = 0; !socket.closed && at < packet.length; at += bytes) {
      socket.write(packet.subarray(at, at + bytes))
      await Promise.race([sleep(30 * bytes), closed])
    }
    return socket.closed ? await closed : Infinity
  })
  let answers = 0
  const patient = await connectRaw(gateway.port, fleetLogin('s1', 'd1'), () => answers++)
  for (let at = 0; at < 40; at++) {
    for (let part = 0; part < 4; part++) {
      const step = Math.ceil(packet.length / 4)
      patient.write(packet.subarray(part * step, (part + 1) * step))
      await sleep(10)
    }
  }
  const ms = await Promise.all(attacks)
  for (const each of ms) expect(each).toBeLessThan(2000)
  await sleep(50)
  expect([patient.closed, answers]).toEqual([false, 40])
  await gateway.kill()
})
