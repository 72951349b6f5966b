import { channelType, dayMs, hourMs, type Progress, type Reading } from '../../domain/index.ts'
import type { SeriesStore } from '../../store/index.ts'

const readingsAtOnce = 5_000
/** Hours of one device are asked so many at a time, back from its first reading, until a stretch this long has none. */
const stretchMs = 180 * dayMs
const lastMoment = 8.64e15 - 1

export interface MovedReadings {
  readonly series: number
  readonly readings: number
  /** Hours that were kept without their readings. */
  readonly hours: number
  readonly rejected: number
  /** What the new store said of the first that it rejected. */
  readonly words: string | null
}

/**
 * Every reading of one store into another, a series at a time in the order of their names; those up to `after` are there
 * already. Hours older than the raw readings go as one reading each: the sum of a count, the last of a level.
 */
export async function moveReadings(deps: {
  readonly from: SeriesStore
  readonly to: SeriesStore
  readonly after: string | null
  readonly now: () => number
  readonly onSeries: (name: string, moved: MovedReadings) => void
  readonly onProgress: (progress: Progress) => void
}): Promise<MovedReadings> {
  const { from, to } = deps
  const series = (await from.latest({}))
    .map(({ site, device, channel, gtin }) => ({ site, device, channel, gtin }))
    .map((one) => ({ ...one, name: nameOf(one) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const { readings: of } = await from.stats()
  const startedAt = deps.now()
  let seen = 0
  let moved: MovedReadings = { series: 0, readings: 0, hours: 0, rejected: 0, words: null }

  const write = async (readings: readonly Reading[], kind: 'readings' | 'hours'): Promise<void> => {
    for (let left = readings; left.length > 0;) {
      const outcomes = await to.write(left)
      const retry = left.filter((_, i) => outcomes[i]?.status === 'retry')
      const refused = outcomes.filter((one) => one.status === 'rejected')
      const done = left.length - retry.length - refused.length
      moved = {
        ...moved,
        [kind]: moved[kind] + done,
        rejected: moved.rejected + refused.length,
        words: moved.words ?? refused[0]?.words ?? null,
      }
      left = retry
    }
    seen += kind === 'readings' ? readings.length : 0
    const spentMs = deps.now() - startedAt
    deps.onProgress({
      ...{ task: 'readings', done: Math.min(seen, of), of, startedAt },
      remainingMs: seen === 0 ? null : Math.max(0, Math.round((spentMs * (of - seen)) / seen)),
    })
  }

  for (const { name, ...selector } of series) {
    const gtin = selector.gtin ?? undefined
    const query = { ...selector, gtin }
    if (deps.after !== null && name <= deps.after) continue
    let firstAt: number | null = null
    let after: string | undefined
    do {
      const page = await from.range({
        ...{ ...query, from: 0, to: lastMoment, limit: readingsAtOnce },
        ...(after === undefined ? {} : { after }),
      })
      // A channel without a GTIN asks for those with one too: each is a series of its own here.
      const own = page.readings.filter((reading) => reading.gtin === selector.gtin)
      firstAt ??= own[0]?.at ?? null
      await write(own, 'readings')
      after = page.next ?? undefined
    } while (after !== undefined)
    if (firstAt !== null) await write(await hoursBefore(from, selector, firstAt), 'hours')
    moved = { ...moved, series: moved.series + 1 }
    deps.onSeries(name, moved)
  }
  return moved
}

type Series = Pick<Reading, 'site' | 'device' | 'channel' | 'gtin'>

const nameOf = ({ site, device, channel, gtin }: Series): string =>
  [site, device, channel, gtin ?? ''].join('/')

async function hoursBefore(
  from: SeriesStore,
  series: Series,
  firstAt: number,
): Promise<readonly Reading[]> {
  const isCount = channelType(series.channel) === 'count'
  const readings: Reading[] = []
  for (let to = hourMs * Math.floor(firstAt / hourMs); to > 0; to -= stretchMs) {
    const start = Math.max(0, to - stretchMs)
    const found = await from.hourly({
      ...series,
      ...{ gtin: series.gtin ?? undefined, from: start, to, by: 'device' },
    })
    const hours = found.find((one) => one.gtin === series.gtin)
    const before = readings.length
    for (const [i, count] of hours?.count.entries() ?? []) {
      if (count === 0) continue
      const at = start + i * hourMs
      readings.push({
        ...series,
        ...{ at, receivedAt: at, value: (isCount ? hours!.sum[i] : hours!.last[i])! },
        ...{ seq: Math.floor(at / hourMs), boot: 'hours', index: 0, quality: 'imported' },
      })
    }
    if (readings.length === before) break
  }
  return readings
}
