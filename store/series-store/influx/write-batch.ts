import { hourMs, minuteMs, type Applied, type Reading } from '../../../domain/index.ts'
import { compareRank } from '../series-rows.ts'
import {
  encodeChannels,
  encodeMeta,
  escapeTag,
  escapeText,
  fieldOf,
  measurement,
  metaField,
  nanosecondsOf,
  qualityTag,
} from './point-layout.ts'

/** A line of points, and what it holds of the batch. */
export interface PointLine {
  readonly text: string
  /** Places in the batch. */
  readonly of: readonly number[]
}

export interface WriteBatch {
  /** Marks, watermarks and news: lines of our own, which every server takes. */
  readonly control: readonly string[]
  readonly points: readonly PointLine[]
  /** To be called where the batch was not written: what is remembered of it is forgotten. */
  undo(): void
}

/** What was last written of one (site, device, gtin) by this process. */
interface Remembered {
  readonly prefix: string
  isKnown: boolean
  at: number
  boot: string
  seq: number
}

/** An hour counts as closed for writers so long after its end, and is rolled up later than that (`rollUpAfterMs`). */
const closedAfterMs = 5 * minuteMs
export const rollUpAfterMs = 15 * minuteMs
const rememberedAtMost = 200_000
/** Readings of one write that are told to those who watch what comes in. */
export const newsOfOneWrite = 1000
const newsTextAtMost = 60_000

/**
 * Makes lines of readings. An hour of a device is marked where the readings may meet others in it (same moment, or a number that was
 * there before) or come when it may be rolled up already: an unmarked hour can be added up by the server as it lies. What this process
 * does not remember is marked: a restart costs work, never a wrong sum.
 */
export function createBatchMaker(options: {
  /** City clock. */
  readonly now: () => number
  /** Never the same twice, of no process. */
  readonly nonce: () => string
  readonly writer: string
}) {
  const memory = new Map<string, Remembered>()
  /** By site and partition, the newest receive time. */
  const newestReceived = new Map<string, number>()
  let newsTold = 0

  function recall({ site, device, gtin }: Reading): Remembered {
    const key = `${site}/${device}/${gtin ?? ''}`
    let known = memory.get(key)
    if (known) return known
    if (memory.size >= rememberedAtMost) memory.clear()
    const tags = `,site=${escapeTag(site)},device=${escapeTag(device)}${gtin === null ? '' : `,gtin=${escapeTag(gtin)}`}`
    known = { prefix: `${measurement}${tags}`, isKnown: false, at: 0, boot: '', seq: 0 }
    memory.set(key, known)
    return known
  }

  return {
    make(
      readings: readonly Reading[],
      places: readonly number[],
      applied: Applied | undefined,
    ): WriteBatch {
      const now = options.now()
      const before: (() => void)[] = []
      const marks = new Set<string>()
      const points: PointLine[] = []
      for (const group of groupByPoint(readings, places)) {
        const [first] = group.readings as [Reading]
        const known = recall(first)
        const { at, boot, seq } = first
        const isOfBoot = known.isKnown && boot === known.boot
        const isInOrder = isOfBoot && at > known.at && seq > known.seq
        const hour = Math.floor(at / hourMs) * hourMs
        if (!isInOrder || group.layer > 0 || now > hour + hourMs + closedAfterMs)
          marks.add(
            `mark,site=${escapeTag(first.site)},device=${escapeTag(first.device)} ${hour}000000`,
          )
        const { isKnown, at: oldAt, boot: oldBoot, seq: oldSeq } = known
        before.push(() => Object.assign(known, { isKnown, at: oldAt, boot: oldBoot, seq: oldSeq }))
        known.isKnown = true
        known.at = Math.max(at, oldAt)
        known.seq = isOfBoot ? Math.max(seq, oldSeq) : seq
        known.boot = boot
        points.push({ text: lineOf(group, known.prefix), of: group.places })
      }
      const nonce = options.nonce()
      return {
        control: [
          ...[...marks].map((mark) => mark.replace(/ (\d+)$/, ` nonce="${nonce}" $1`)),
          ...(applied ? watermarkLines(readings, applied.partition, newestReceived) : []),
          ...newsLines(readings, options.writer, newsTold++ % 1_000_000),
        ],
        points,
        undo() {
          for (const restore of before.reverse()) restore()
        },
      }
    },
  }
}

interface PointGroup {
  readonly readings: readonly Reading[]
  readonly places: readonly number[]
  readonly channels: string
  /** Nanoseconds. A message that says one channel of one product twice makes several points, next to each other. */
  readonly nanoseconds: string
  readonly layer: number
}

/** Readings of one message and moment come one after the other. */
function* groupByPoint(
  readings: readonly Reading[],
  places: readonly number[],
): Generator<PointGroup> {
  let from = 0
  for (let to = 1; to <= readings.length; to++) {
    if (to < readings.length && isOfSamePoint(readings[from]!, readings[to]!)) continue
    yield* layers(readings.slice(from, to), places.slice(from, to))
    from = to
  }
}

function isOfSamePoint(a: Reading, b: Reading): boolean {
  return (
    a.at === b.at &&
    a.seq === b.seq &&
    a.receivedAt === b.receivedAt &&
    a.device === b.device &&
    a.site === b.site &&
    a.gtin === b.gtin &&
    a.boot === b.boot &&
    a.quality === b.quality
  )
}

function* layers(readings: readonly Reading[], places: readonly number[]): Generator<PointGroup> {
  const seen = new Map<string, number>()
  const parts: { readings: Reading[]; places: number[] }[] = []
  for (const [i, reading] of readings.entries()) {
    const layer = seen.get(reading.channel) ?? 0
    seen.set(reading.channel, layer + 1)
    const part = (parts[layer] ??= { readings: [], places: [] })
    part.readings.push(reading)
    part.places.push(places[i]!)
  }
  const channels = encodeChannels(parts[0]!.readings)
  for (const [layer, part] of parts.entries()) {
    yield {
      ...part,
      layer,
      channels: layer === 0 ? channels : encodeChannels(part.readings),
      nanoseconds: nanosecondsOf(parts[0]!.readings, channels, layer),
    }
  }
}

function lineOf(group: PointGroup, prefix: string): string {
  const [first] = group.readings as [Reading]
  let text = `${prefix}${qualityTag(first.quality)} `
  for (const { channel, value } of group.readings) text += `${fieldOf(channel)}=${value},`
  return `${text}${metaField}="${encodeMeta(first, group.channels)}" ${first.at}${group.nanoseconds}`
}

/** A minute of a site and a partition has one point, so that a day has few. */
function watermarkLines(
  readings: readonly Reading[],
  partition: number,
  newest: Map<string, number>,
): string[] {
  const sites = new Map<string, number>()
  for (const { site, receivedAt } of readings) {
    if (receivedAt > (sites.get(site) ?? -1)) sites.set(site, receivedAt)
  }
  return [...sites].map(([site, receivedAt]) => {
    const key = `${site}/${partition}`
    const at = Math.max(receivedAt, newest.get(key) ?? 0)
    newest.set(key, at)
    return `watermark,site=${escapeTag(site)},partition=${partition} at=${at}i ${Math.floor(at / minuteMs) * minuteMs}000000`
  })
}

/** The newest reading of each series of the batch as text, where those that ask for news find it without a look at every series. */
function newsLines(readings: readonly Reading[], writer: string, nanoseconds: number): string[] {
  const newest = new Map<string, Reading>()
  let receivedAt = 0
  for (let i = readings.length - 1; i >= 0 && newest.size < newsOfOneWrite; i--) {
    const reading = readings[i]!
    receivedAt = Math.max(receivedAt, reading.receivedAt)
    const key = `${reading.site}/${reading.device}/${reading.channel}/${reading.gtin ?? ''}`
    const known = newest.get(key)
    if (!known || (reading.at - known.at || compareRank(reading, known)) > 0)
      newest.set(key, reading)
  }
  if (newest.size === 0) return []
  const fields: string[] = []
  let text = ''
  for (const reading of newest.values()) {
    const one = escapeText(JSON.stringify(inOrder(reading)))
    if (text.length + one.length > newsTextAtMost) {
      fields.push(text)
      text = ''
    }
    text += text === '' ? one : `,${one}`
  }
  fields.push(text)
  return [
    `news,writer=${writer} ${fields.map((part, i) => `part${i}="${part}"`).join(',')} ${receivedAt}${String(nanoseconds).padStart(6, '0')}`,
  ]
}

function inOrder(reading: Reading): readonly (string | number | null)[] {
  const { site, device, channel, gtin, at, receivedAt, value, seq, boot, index, quality } = reading
  return [site, device, channel, gtin, at, receivedAt, value, seq, boot, index, quality]
}

/** Readings of a text made by `newsLines`. */
export function readNews(text: string): Reading[] {
  const rows = JSON.parse(`[${text}]`) as [
    ...[string, string, string, string | null, number, number, number, number, string, number],
    Reading['quality'],
  ][]
  return rows.map(
    ([site, device, channel, gtin, at, receivedAt, value, seq, boot, index, quality]) => ({
      ...{ site, device, channel, gtin, at, receivedAt, value, seq, boot, index, quality },
    }),
  )
}
