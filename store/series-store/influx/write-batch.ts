import { hourMs, minuteMs, type Applied, type Reading } from '../../../domain/index.ts'
import { newsLines } from './news.ts'
import { escapeTag, measurement } from './point-layout.ts'
import { forEachPoint, lineOf, type PointGroup } from './point-lines.ts'

/** A point as a line, and what it holds of the batch. */
export interface PointLine {
  readonly text: string
  readonly group: PointGroup
}

export interface WriteBatch {
  /** Marks, watermarks and news: lines of our own, which every server takes. */
  readonly control: readonly string[]
  readonly points: readonly PointLine[]
  /** Of the readings of a point, in what was asked to be written. */
  placesOf(point: PointLine): readonly number[]
  /** To be called where the batch was not written: what is remembered of it is forgotten. */
  undo(): void
}

/** The newest point of one (site, device, gtin), written by this process or found in the store. */
interface Remembered {
  readonly prefix: string
  /** False where only others have written it since it was looked up. */
  isOurs: boolean
  isThere: boolean
  at: number
  boot: string
  seq: number
}

/** An hour counts as closed for writers so long after its end, and is rolled up later than that (`rollUpAfterMs`). */
const closedAfterMs = 5 * minuteMs
export const rollUpAfterMs = 15 * minuteMs
const rememberedAtMost = 200_000
/** The newest point of a (site, device, gtin) in the store. */
export type NewestPoint = Pick<Reading, 'site' | 'device' | 'gtin' | 'at' | 'boot' | 'seq'>

/**
 * Makes lines of readings. An hour of a device is marked where the readings may meet others in it (same moment, or a number that was
 * there before) or come when it may be rolled up already: an unmarked hour can be added up by the server as it lies. What is not known
 * to be in order is marked: to forget costs work, never a wrong sum.
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
  /** Whatever is not in `memory` is not in the store either. */
  let isComplete = false
  /** Lines of the last write that moved no position: a batch is written once so, and then again with it. */
  let again: ReadonlySet<string> = new Set()

  function recall({ site, device, gtin }: NewestPoint): Remembered {
    const key = `${site}/${device}/${gtin ?? ''}`
    let known = memory.get(key)
    if (known) return known
    if (memory.size >= rememberedAtMost) forgetAll()
    const tags = `,site=${escapeTag(site)},device=${escapeTag(device)}${gtin === null ? '' : `,gtin=${escapeTag(gtin)}`}`
    // Nothing of it was there when the store was looked through: nothing can be met.
    const isThere = !isComplete
    known = {
      prefix: `${measurement}${tags}`,
      isOurs: false,
      isThere,
      at: Infinity,
      boot: '',
      seq: 0,
    }
    memory.set(key, known)
    return known
  }

  function forgetAll(): void {
    memory.clear()
    isComplete = false
  }

  /** After everything known of its product and device, by a writer that nobody else can have come between. */
  function isInOrder(
    known: Remembered,
    { at, boot, seq }: Reading,
    isOfPartition: boolean,
  ): boolean {
    if (!known.isOurs && !isOfPartition) return false
    if (!known.isThere) return true
    return at > known.at && boot === known.boot && seq > known.seq
  }

  return {
    /** All that is there, read after the partitions came to this process. */
    load(points: readonly NewestPoint[]): void {
      forgetAll()
      isComplete = points.length < rememberedAtMost
      for (const { at, boot, seq, ...name } of points) {
        const known = recall(name as NewestPoint)
        if (known.isThere && known.at > at) continue
        Object.assign(known, { isThere: true, at, boot, seq })
      }
    },
    /** `places` are those of the readings in what was asked to be written. */
    make(
      readings: readonly Reading[],
      places: readonly number[],
      applied: Applied | undefined,
    ): WriteBatch {
      const now = options.now()
      const moved = new Map<Remembered, Remembered>()
      const marks = new Set<string>()
      const points: PointLine[] = []
      const texts = new Set<string>()
      forEachPoint(readings, (group) => {
        const first = group.readings[group.from]!
        const known = recall(first)
        const text = lineOf(group, known.prefix)
        const { at, boot, seq } = first
        const hour = Math.floor(at / hourMs) * hourMs
        const isSafe =
          (group.layer === 0 && isInOrder(known, first, applied !== undefined)) || again.has(text)
        if (!isSafe || now > hour + hourMs + closedAfterMs)
          marks.add(
            `mark,site=${escapeTag(first.site)},device=${escapeTag(first.device)} ${hour}000000`,
          )
        if (!moved.has(known)) moved.set(known, { ...known })
        const isOfBoot = known.isThere && boot === known.boot
        known.seq = isOfBoot ? Math.max(seq, known.seq) : seq
        known.at = known.isThere && known.at !== Infinity ? Math.max(at, known.at) : at
        known.boot = boot
        known.isThere = true
        known.isOurs ||= applied !== undefined
        points.push({ text, group })
        if (applied === undefined) texts.add(text)
      })
      const before = again
      again = texts
      const nonce = options.nonce()
      return {
        control: [
          ...[...marks].map((mark) => mark.replace(/ (\d+)$/, ` nonce="${nonce}" $1`)),
          ...(applied ? watermarkLines(readings, applied.partition, newestReceived) : []),
          ...newsLines(readings, options.writer, newsTold++ % 1_000_000),
        ],
        points,
        placesOf: ({ group }) =>
          Array.from(
            { length: group.to - group.from },
            (_, i) => places[group.places ? group.places[i]! : group.from + i]!,
          ),
        undo() {
          again = before
          for (const [known, old] of moved) Object.assign(known, old)
        },
      }
    },
  }
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
