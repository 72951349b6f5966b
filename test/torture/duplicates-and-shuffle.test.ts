import { afterAll, beforeAll, expect, test } from 'vitest'
import { dayMs, derivedDevice, type DeviceKind, type RawMessage } from '../../domain/index.ts'
import { startIngest } from '../../ingest/index.ts'
import { createMemoryMessageLog } from '../../message-log/index.ts'
import { createMetrics, createRandom, silentLogger, wallClock } from '../../runtime/index.ts'
import {
  createMemorySeriesStore,
  createSqliteOperationsStore,
  type OperationsStore,
} from '../../store/index.ts'
import { scaled, seed } from '../support/torture.ts'

/**
 * Any mixture of duplicates, reordering and lateness ends in the same series, at, value, seq, boot and quality as the clean
 * run, the receive times being given. Numbers given twice and clocks that are wrong are among the messages.
 */
const worlds = scaled(200, 10_000)
const messagesOfWorld = 60
const copies = 3
const start = Date.UTC(2026, 10, 2)
const firstLog = '0123456789abcdef0123456789abcdef'
const gtin = '04006381333931'
const devices: readonly (readonly [string, DeviceKind, readonly string[]])[] = [
  ['probe-1', 'probe', ['celsius', 'humidityPct', 'batteryPct']],
  ['probe-2', 'probe', ['celsius', 'doorOpen']],
  ['shelf-1', 'shelf', ['units', 'grams', 'picked']],
  ['till-1', 'till', ['sold']],
  ['stray-1', 'probe', ['celsius', 'in']],
]
const text = new TextEncoder()

let operations: OperationsStore
beforeAll(async () => {
  operations = await createSqliteOperationsStore({ file: ':memory:' })
  for (const [device, kind] of devices) {
    if (device === 'stray-1') continue
    const credential = {
      ...{ username: `s1/${device}`, kind: 'device' as const, site: 's1', device },
      ...{ salt: '', hash: '', revoked: false, publish: [], subscribe: [], mappings: [] },
    }
    await operations.registerDevice({ site: 's1', device, kind }, credential, start)
  }
})
afterAll(() => operations.close())

/** What one device said in a week, each message once and in the order it was sent. */
function makeWorld(worldSeed: number): readonly RawMessage[] {
  const random = createRandom(worldSeed)
  const upTo = (count: number): number => Math.floor(random.next() * count)
  const oneOf = <T>(list: readonly T[]): T => list[upTo(list.length)]!
  const seqs = new Map<string, number>()
  let parts = 0
  const numbers: { readonly device: string; readonly boot: string; readonly seq: number }[] = []

  function body(device: string, channels: readonly string[], receivedAt: number): object {
    const boot = oneOf(['9', '10', 'b1'])
    const given =
      oneOf([0, 1, 2, 3, 4, 5]) === 0 ? oneOf(numbers.concat({ device, boot, seq: 0 })) : null
    const isAgain = given?.device === device
    const number = isAgain
      ? given
      : { device, boot, seq: (seqs.get(`${device} ${boot}`) ?? -1) + 1 }
    if (!isAgain) {
      seqs.set(`${device} ${boot}`, number.seq)
      numbers.push(number)
    }
    // No two say the same: the same number with the same words is one message, which was received once.
    const unique = ++parts
    const isUniqueTime = upTo(2) === 0
    const late = upTo(7 * 24) * (dayMs / 24)
    const sent = oneOf([receivedAt - late, receivedAt - late, 5, receivedAt + dayMs])
    const at = isUniqueTime ? { at: sent + unique } : upTo(4) === 0 ? {} : { at: sent }
    const said = channels.filter((_, i) => (i === 0 && !isUniqueTime) || upTo(3) > 0)
    const values = Object.fromEntries(
      (said.length === 0 ? channels : said).map((channel) => [channel, upTo(4)]),
    )
    if (!isUniqueTime) values[channels[0]!] = unique / 1024
    return {
      ...{ seq: number.seq, boot: number.boot, values, ...at },
      ...(channels[0] === 'sold' ? { gtin } : {}),
    }
  }

  return Array.from({ length: messagesOfWorld }, (_, i): RawMessage => {
    const [device, , channels] = oneOf(devices)
    const receivedAt = start + 8 * dayMs + upTo(20) * 60_000
    const kind = upTo(6)
    const payload =
      kind === 0 && channels[0] !== 'sold'
        ? [
            { bn: `urn:dev:${device}:`, n: channels[0], v: upTo(9) },
            { n: channels[1], v: upTo(9) },
          ]
        : kind === 1
          ? [body(device, channels, receivedAt), body(device, channels, receivedAt)]
          : body(device, channels, receivedAt)
    return {
      topic: `v1/s1/${device}/telemetry`,
      payload: text.encode(JSON.stringify(payload)),
      ...{ receivedAt, qos: 1, retain: false, clientId: `s1.${device}` },
      ...(kind === 0 || kind === 2 ? { firstPlace: { log: firstLog, position: i + 1 } } : {}),
    }
  })
}

function shuffle<T>(list: readonly T[], shuffleSeed: number): T[] {
  const random = createRandom(shuffleSeed)
  const shuffled = [...list]
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1))
    ;[shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!]
  }
  return shuffled
}

/** A line per reading. Of a message that nobody numbered, its place in this log would be the only number: such have a first place here. */
async function endState(messages: readonly RawMessage[], batchMessages: number): Promise<string> {
  const log = createMemoryMessageLog()
  const series = createMemorySeriesStore()
  const ingest = await startIngest({
    ...{ log, series, clock: wallClock, wall: wallClock, logger: silentLogger },
    // The series are looked at: what is said of devices and stock is thrown away, and each run begins anew.
    operations: {
      ...operations,
      applied: () => Promise.resolve(new Map()),
      applyBatch: () => Promise.resolve(),
    },
    random: createRandom(1),
    metrics: createMetrics({ withProcess: false }),
    settings: { batchMessages, gatherMs: 0, profiles: '', clockAheadMinutes: 10 },
  })
  for (let i = 0; i < messages.length; i += 40) await log.append(messages.slice(i, i + 40))
  await ingest.drained()
  const { readings } = await series.range({ from: 0, to: 8e15, limit: 100_000 })
  await ingest.stop()
  await Promise.all([series.close(), log.close()])
  return readings
    .map(({ site, device, channel, gtin, at, value, seq, boot, quality }) =>
      // The seq of what is derived says when it was computed, which is another time in another order.
      JSON.stringify([
        ...[site, device, channel, gtin, at, value],
        ...[device === derivedDevice ? null : seq, boot, quality],
      ]),
    )
    .sort()
    .join('\n')
}

test(`${worlds} worlds, each message ${copies} times and in any order, end as they do in the clean run (from seed ${seed})`, async () => {
  const found = new Set<string>()
  for (let world = seed; world < seed + worlds; world++) {
    const messages = makeWorld(world)
    const clean = await endState(messages, 100)
    const mixed = shuffle(Array.from({ length: copies }, () => messages).flat(), world)
    expect(await endState(mixed, 1 + (world % 50)), `seed ${world}`).toBe(clean)
    for (const quality of clean.match(/(?<=")[a-z]+(?="\]$)/gm) ?? []) found.add(quality)
  }
  expect([...found].sort()).toEqual(['clock', 'good', 'sequence', 'unregistered'])
})
