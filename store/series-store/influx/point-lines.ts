import type { Reading } from '../../../domain/index.ts'
import {
  encodeChannels,
  encodeMeta,
  fieldOf,
  metaField,
  nanosecondsOf,
  qualityTag,
} from './point-layout.ts'

/** Readings [from, to) of a batch that make one point. */
export interface PointGroup {
  readonly readings: readonly Reading[]
  readonly from: number
  readonly to: number
  /** Places in the batch where the readings are not those of `from` and on. */
  readonly places: readonly number[] | null
  readonly nanoseconds: string
  /** A message that says one channel of one product twice makes several points, next to each other. */
  readonly layer: number
}

/** Readings of one message and moment come one after the other, and make a point. */
export function forEachPoint(readings: readonly Reading[], see: (group: PointGroup) => void): void {
  let from = 0
  for (let to = 1; to <= readings.length; to++) {
    if (to < readings.length && isOfSamePoint(readings[from]!, readings[to]!)) continue
    if (repeatsChannel(readings, from, to)) seeLayers(readings, from, to, see)
    else {
      const nanoseconds = nanosecondsOf(readings, from, to, 0)
      see({ readings, from, to, places: null, nanoseconds, layer: 0 })
    }
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

function repeatsChannel(readings: readonly Reading[], from: number, to: number): boolean {
  for (let i = from + 1; i < to; i++) {
    for (let j = from; j < i; j++) if (readings[i]!.channel === readings[j]!.channel) return true
  }
  return false
}

function seeLayers(
  readings: readonly Reading[],
  from: number,
  to: number,
  see: (group: PointGroup) => void,
): void {
  const seen = new Map<string, number>()
  const layers: { readings: Reading[]; places: number[] }[] = []
  for (let i = from; i < to; i++) {
    const reading = readings[i]!
    const layer = seen.get(reading.channel) ?? 0
    seen.set(reading.channel, layer + 1)
    const part = (layers[layer] ??= { readings: [], places: [] })
    part.readings.push(reading)
    part.places.push(i)
  }
  const first = layers[0]!.readings
  for (const [layer, part] of layers.entries()) {
    const nanoseconds = nanosecondsOf(first, 0, first.length, layer)
    see({ ...part, from: 0, to: part.readings.length, nanoseconds, layer })
  }
}

/** The line of a point; `prefix` is its measurement and tags but the quality. */
export function lineOf({ readings, from, to, nanoseconds }: PointGroup, prefix: string): string {
  const first = readings[from]!
  let text = `${prefix}${qualityTag(first.quality)} `
  for (let i = from; i < to; i++) text += `${fieldOf(readings[i]!.channel)}=${readings[i]!.value},`
  const meta = encodeMeta(first, encodeChannels(readings, from, to))
  return `${text}${metaField}="${meta}" ${first.at}${nanoseconds}`
}
