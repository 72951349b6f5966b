import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { openSqliteMessageLog } from '../../message-log/index.ts'
import type { LoggedMessage, Random } from '../../domain/index.ts'
import { createRandom, wallClock } from '../../runtime/index.ts'
import * as packets from '../e2e/mqtt-conformance/packets.ts'
import { fleetLogin, fleetSecret } from '../support/fleet-registry.ts'
import { temporaryFolder } from '../support/larder-process.ts'
import { startLoneGateway } from '../support/lone-gateway.ts'
import { mutate } from '../support/mutate-packets.ts'
import {
  connectRaw,
  packetType,
  publishFrame,
  readPackets,
  readPublish,
  subscribeFrame,
  textField,
} from '../support/raw-mqtt.ts'
import { scaled, seed } from '../support/torture.ts'

const attackMs = scaled(60_000, Number(process.env.LARDER_FUZZ_HOURS ?? 2) * 3_600_000)
const attackers = 48
const devices = 40

/** Valid packets of every type for one device, of both levels of the protocol. */
function seedsOf(device: string): { readonly connects: Buffer[]; readonly others: Buffer[] } {
  const username = `s1/${device}`
  const facts = { passwords: new Map([[username, fleetSecret]]), ids: new Map(), received: null }
  const login = { id: `s1.${device}`, user: username }
  const will = { topic: `v1/s1/${device}/state`, message: 'gone', qos: 1, retain: true }
  const own = `v1/s1/${device}/telemetry`
  const bytes = (list: readonly packets.Packet[]): Buffer[] => list.map((packet) => packet(facts))
  return {
    connects: bytes([
      packets.connect(login),
      packets.connect({ ...login, clean: false }),
      packets.connect({ ...login, will }),
      packets.connect({ ...login, name: 'MQIsdp', level: 3 }),
      packets.connect({ ...login, password: 'wrong' }),
    ]),
    others: bytes([
      packets.publish(own, 'at QoS 0'),
      packets.publish(own, '{"values":{"celsius":4}}', { qos: 1, id: 1 }),
      packets.publish(own, 'again', { qos: 1, id: 2, dup: true }),
      packets.publish(will.topic, 'retained', { qos: 1, id: 3, retain: true }),
      packets.publish(own, 'exactly once', { qos: 2, id: 4 }),
      packets.publish(own, 'x'.repeat(300), { qos: 1, id: 5 }),
      packets.puback(1),
      packets.pubrec(2),
      packets.pubrel(4),
      packets.pubcomp(3),
      packets.subscribe(6, [`v1/s1/${device}/command`, 1]),
      packets.subscribe(7, '#', ['v1/s1/+/command', 2], '$SYS/#'),
      packets.unsubscribe(8, `v1/s1/${device}/command`, 'never'),
      packets.pingreq,
      packets.disconnect,
    ]),
  }
}

const pingreq = Buffer.from('c000', 'hex')
const clientTypes = [1, 3, 4, 5, 6, 7, 8, 10, 12, 14]

/** One sent to the gateway, by its first half byte, with what became of it. */
interface Tally {
  packets: number
  connections: number
  readonly accepted: Map<number, number>
  readonly refused: Map<number, number>
  /** How often each message of QoS 1 was acknowledged. */
  readonly acknowledged: Map<string, number>
}

function count<T>(counts: Map<T, number>, key: T): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

/** The packets of what was sent, up to a length that no gateway takes: from there on there are none. */
function readSent(onPacket: (first: number, body: Buffer) => void): (bytes: Buffer) => void {
  let rest = Buffer.alloc(0)
  let isOver = false
  return (bytes) => {
    rest = Buffer.concat([rest, bytes])
    while (!isOver) {
      let length = 0
      let head = 1
      for (; head < 5 && head < rest.length; head++) {
        length += (rest[head]! & 127) * 128 ** (head - 1)
        if (rest[head]! < 128) break
      }
      isOver = head === 5 || length > 70_000
      if (isOver || head >= rest.length || rest.length < head + 1 + length) break
      onPacket(rest[0]!, rest.subarray(head + 1, head + 1 + length))
      rest = rest.subarray(head + 1 + length)
    }
    if (isOver) rest = Buffer.alloc(0)
  }
}

/** A connection and what it knows of itself: the messages it has sent, by id, until they are acknowledged. */
async function open(port: number, tally: Tally) {
  const socket: Socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  await new Promise<void>((resolve) => {
    socket.once('connect', () => resolve())
    socket.once('close', () => resolve())
  })
  tally.connections++
  const underWay = new Map<number, string[]>()
  let pings = 0
  let hasLoggedIn = false
  socket.on(
    'data',
    readPackets((first, body) => {
      const type = first >> 4
      if (type === packetType.connack) hasLoggedIn = body[1] === 0
      if (type === 13) pings++
      if (type !== packetType.puback) return
      const message = underWay.get(body.readUInt16BE(0))?.shift()
      if (message !== undefined) count(tally.acknowledged, message)
    }),
  )
  const note = readSent((first, body) => {
    tally.packets++
    if (first >> 4 !== packetType.publish || (first & 6) !== 2) return
    try {
      const { topic, payload, id } = readPublish(first, body)
      if (id === null) return
      const ofId = underWay.get(id) ?? []
      underWay.set(id, ofId)
      ofId.push(`${topic} ${payload}`)
    } catch {
      // The gateway will not read it either.
    }
  })
  /** Resolves with whether the connection is still there once all that was sent has been read. */
  const settle = async (): Promise<boolean> => {
    const before = pings
    socket.write(pingreq)
    note(pingreq)
    for (let waited = 0; pings === before && !socket.closed && waited < 200; waited++)
      await sleep(waited < 20 ? 1 : 10)
    return pings > before
  }
  return {
    socket,
    hasLoggedIn: () => hasLoggedIn,
    settle,
    send(bytes: Buffer, random: Random) {
      if (socket.closed) return
      note(bytes)
      const middle = Math.floor(random.next() * bytes.length)
      socket.write(bytes.subarray(0, middle))
      socket.write(bytes.subarray(middle))
    },
  }
}

/** Connection after connection: in the blind at high speed, or step by step to see what becomes of each packet. */
async function attack(port: number, tally: Tally, random: Random, until: number): Promise<void> {
  const upTo = (length: number): number => Math.floor(random.next() * length)
  const pick = <T>(list: readonly T[]): T => list[upTo(list.length)]!
  for (let turn = 0; performance.now() < until; turn++) {
    const { connects, others } = seedsOf(`d${upTo(devices)}`)
    const all = [...connects, ...others]
    const goodbye = others.at(-1)!
    const some = (length: number): Buffer[] =>
      Array.from({ length }, () => pick(others.slice(0, -1)))
    const connection = await open(port, tally)
    const login = random.next() < 0.2 ? mutate(pick(connects), random, pick(all)) : connects[0]!
    if (turn % 8 !== 0) {
      const mutated = mutate(pick(all), random, pick(all))
      connection.send(Buffer.concat([login, ...some(upTo(40)), mutated, ...some(2)]), random)
      for (let waited = 0; !connection.socket.closed && waited < 10; waited++) await sleep(5)
      connection.socket.destroy()
      continue
    }
    connection.send(login, random)
    let isAlive = (await connection.settle()) && connection.hasLoggedIn()
    count(isAlive ? tally.accepted : tally.refused, (login[0] ?? 0) >> 4)
    for (let round = 0; isAlive && round < 12; round++) {
      for (const packet of some(upTo(6))) connection.send(packet, random)
      const packet = random.next() < 0.7 ? mutate(pick(all), random, pick(all)) : pick(others)
      connection.send(packet, random)
      isAlive = await connection.settle()
      const isTaken = isAlive || packet.equals(goodbye)
      count(isTaken ? tally.accepted : tally.refused, (packet[0] ?? 0) >> 4)
    }
    connection.socket.destroy()
  }
}

/** A device that goes on beside it all: every message acknowledged, and nothing that is not its own. */
async function publishBeside(port: number, until: number) {
  const foreign: string[] = []
  let acknowledged = 0
  let worstMs = 0
  let wake: () => void = () => undefined
  const device = await connectRaw(port, fleetLogin('well', 'd1'), (type) => {
    if (type === packetType.puback) {
      acknowledged++
      wake()
    } else if (type !== packetType.suback) foreign.push(`packet type ${type}`)
  })
  device.write(subscribeFrame(1, 'v1/well/d1/command'))
  const topic = textField('v1/well/d1/telemetry')
  let sent = 0
  while (performance.now() < until && !device.closed) {
    const since = performance.now()
    const answered = new Promise<void>((resolve) => {
      wake = resolve
    })
    device.write(
      publishFrame(topic, Buffer.from(`well ${++sent}`), { id: sent % 65_535 || 1, qos: 1 }),
    )
    await Promise.race([answered, sleep(10_000)])
    worstMs = Math.max(worstMs, performance.now() - since)
    await sleep(10)
  }
  const isOpen = !device.closed
  device.destroy()
  return { sent, acknowledged, foreign, worstMs, isOpen }
}

it('lives through mutated packets of every type, and keeps what it acknowledged of them', async () => {
  console.log(`LARDER_TEST_SEED=${seed}`)
  const folder = temporaryFolder('mutated')
  const file = join(folder.path, 'log.db')
  const gateway = await startLoneGateway({ file, mqtt: { frameDeadlineMs: 300 } })
  let hasEnded = false
  void gateway.exited.then(() => {
    hasEnded = true
  })
  const tally: Tally = {
    ...{ packets: 0, connections: 0 },
    ...{ accepted: new Map(), refused: new Map(), acknowledged: new Map() },
  }
  const until = performance.now() + attackMs
  const rss: number[] = []
  const watch = async (): Promise<void> => {
    while (performance.now() < until && !hasEnded) {
      rss.push((await gateway.report()).rssMb)
      await sleep(attackMs / 30)
    }
  }
  const [well] = await Promise.all([
    publishBeside(gateway.port, until),
    watch(),
    ...Array.from({ length: attackers }, (_, n) =>
      attack(gateway.port, tally, createRandom(seed * 1000 + n), until),
    ),
  ])
  expect(hasEnded, gateway.output()).toBe(false)
  await gateway.kill()

  const show = (counts: Map<number, number>): string =>
    [...counts]
      .sort(([one], [other]) => one - other)
      .map((entry) => entry.join(':'))
      .join(' ')
  const third = Math.floor(rss.length / 3)
  const [early, late] = [Math.max(...rss.slice(0, 2 * third)), Math.max(...rss.slice(2 * third))]
  const acknowledged = [...tally.acknowledged.values()].reduce((sum, one) => sum + one, 0)
  console.log(`${tally.packets} packets on ${tally.connections} connections, 0 crashes
accepted by type ${show(tally.accepted)}
refused by type  ${show(tally.refused)}
${acknowledged} messages of QoS 1 acknowledged; RSS up to ${early} MB, in the last third ${late} MB
beside it ${well.acknowledged} of ${well.sent} acknowledged, slowest ${Math.round(well.worstMs)} ms`)
  expect(gateway.output()).toBe('')
  for (const type of clientTypes) {
    expect(tally.accepted.get(type) ?? 0, `packets of type ${type} taken`).toBeGreaterThan(0)
    expect(tally.refused.get(type) ?? 0, `packets of type ${type} refused`).toBeGreaterThan(0)
  }
  for (const type of [0, 2, 9, 11, 13, 15]) {
    expect(tally.refused.get(type) ?? 0, `packets of type ${type} refused`).toBeGreaterThan(0)
  }
  expect(well).toMatchObject({ acknowledged: well.sent, foreign: [], isOpen: true })
  expect(late - early).toBeLessThan(20)

  const kept = new Map<string, number>()
  let wellKept = 0
  for await (const { topic, payload } of readLog(file)) {
    const text = Buffer.from(payload).toString('utf8')
    if (text.startsWith('well ')) wellKept++
    count(kept, `${topic} ${text}`)
  }
  const lost = [...tally.acknowledged].filter(
    ([message, times]) => (kept.get(message) ?? 0) < times,
  )
  expect(lost).toEqual([])
  expect(wellKept).toBe(well.sent)
  folder.remove()
})

async function* readLog(file: string): AsyncGenerator<LoggedMessage> {
  const log = openSqliteMessageLog({ file, wall: wallClock, notice: () => undefined })
  const { messages } = await log.stats()
  const stop = new AbortController()
  let left = messages
  for await (const batch of log.consume('test', { signal: stop.signal })) {
    yield* batch.messages
    left -= batch.messages.length
    if (left <= 0) break
  }
  await log.close()
}
