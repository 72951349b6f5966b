import { channelType, dayMs, hourMs, type Reading } from '../../domain/index.ts'
import { compareDoubt, compareRank, qualityNumber } from './series-rows.ts'
import type { HourlySeries } from './series-store.ts'

/** The promises of a series store said as plainly as can be, in one list: what every faster one is measured against. */
export interface NaiveSeries {
  write(readings: readonly Reading[]): string[]
  prune(before: number): number
  range(): Reading[]
  latest(): Reading[]
  /** Sum, count, min, max, last of each hour of each series that has any, as text to compare. */
  hours(): string[]
  byQuality(): Record<string, number>
}

const nameOf = ({ site, device, channel, gtin }: Reading) =>
  [site, device, channel, gtin ?? ''].join('\n')
const byName = (a: Reading, b: Reading) =>
  nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0

function levelOrder(a: Reading, b: Reading): number {
  const [p, q] = [qualityNumber(a.quality), qualityNumber(b.quality)]
  return compareRank(a, b) || compareDoubt(q, p) || b.receivedAt - a.receivedAt || q - p
}

function countOrder(a: Reading, b: Reading): number {
  const [p, q] = [qualityNumber(a.quality), qualityNumber(b.quality)]
  return compareDoubt(p, q) || a.at - b.at || a.receivedAt - b.receivedAt || p - q
}

export function createNaiveSeries(): NaiveSeries {
  let readings: Reading[] = []
  let pruned: Reading[] = []
  const prunedBefore = new Map<string, number>()
  const latest = new Map<string, Reading>()
  const timeOrder = (a: Reading, b: Reading) => a.at - b.at || byName(a, b) || compareRank(a, b)

  function writeOne(reading: Reading): string {
    if (!Number.isFinite(reading.value)) return 'rejected'
    const name = nameOf(reading)
    if (reading.at < (prunedBefore.get(name) ?? 0)) return 'rejected'
    const isCount = channelType(reading.channel) === 'count'
    const isSameMessage = (other: Reading) =>
      nameOf(other) === name &&
      other.boot === reading.boot &&
      other.seq === reading.seq &&
      other.index === reading.index
    if (isCount && reading.quality === 'imported')
      readings = readings.filter((one) => !isSameMessage(one) || one.value === reading.value)
    const same = readings.find((other) =>
      isCount
        ? isSameMessage(other) && other.value === reading.value
        : nameOf(other) === name && other.at === reading.at,
    )
    if (!same) readings.push(reading)
    else if (isCount ? countOrder(reading, same) < 0 : levelOrder(reading, same) > 0)
      readings[readings.indexOf(same)] = reading
    const ofSeries = readings.filter((other) => nameOf(other) === name)
    latest.set(name, ofSeries.sort(timeOrder).at(-1)!)
    return 'stored'
  }

  return {
    write: (batch) => batch.map(writeOne),
    prune(before) {
      const hour = Math.floor(before / hourMs) * hourMs
      const old = readings.filter(({ at }) => at < hour)
      for (const one of old)
        prunedBefore.set(nameOf(one), Math.max(hour, prunedBefore.get(nameOf(one)) ?? 0))
      readings = readings.filter(({ at }) => at >= hour)
      pruned = [...pruned, ...old]
      return old.length
    },
    range: () => [...readings].sort(timeOrder),
    latest: () => [...latest.values()].sort(byName),
    hours() {
      const hours = new Map<string, number[]>()
      for (const one of [...pruned, ...readings].sort(timeOrder)) {
        if (one.quality === 'unregistered') continue
        const key = `${nameOf(one)}\n${Math.floor(one.at / hourMs)}`
        hours.set(key, [...(hours.get(key) ?? []), one.value])
      }
      return [...hours].map(([key, values]) => hourWords(key, values)).sort()
    },
    byQuality() {
      const counts: Record<string, number> = {}
      for (const { quality } of readings) counts[quality] = (counts[quality] ?? 0) + 1
      return counts
    },
  }
}

function hourWords(key: string, values: readonly number[]): string {
  const sum = values.reduce((a, b) => a + b)
  return `${key} ${sum} ${values.length} ${Math.min(...values)} ${Math.max(...values)} ${values.at(-1)!}`
}

/** The answers of a store in the words of the naive one. */
export async function hoursOf(
  hourly: (from: number, to: number) => Promise<readonly HourlySeries[]>,
  from: number,
  days: number,
): Promise<string[]> {
  const words: string[] = []
  for (const one of await hourly(from, from + days * dayMs)) {
    for (const [i, count] of one.count.entries()) {
      if (count === 0) continue
      const key = [one.site, one.device, one.channel, one.gtin ?? '', from / hourMs + i].join('\n')
      words.push(`${key} ${one.sum[i]!} ${count} ${one.min[i]!} ${one.max[i]!} ${one.last[i]!}`)
    }
  }
  return words.sort()
}
