import type Database from 'better-sqlite3'
import { hourMs, LarderError } from '../../domain/index.ts'
import { DamagedBlockError } from './block-codec.ts'
import { dayOf, encodeDay, readHours } from './day-rollup.ts'
import type { RollupTable } from './rollup-table.ts'
import type { NamedSeries } from './series-range.ts'
import type { SeriesName } from './series-rows.ts'
import type { HourlySeries, SeriesStore } from './series-store.ts'
import type { SeriesView } from './series-view.ts'

interface HourlyGroup {
  readonly hourly: HourlySeries
  /** Time of each hour's `last`, to choose among devices. */
  readonly lastAt: Float64Array
}

/** Where more than this part of all series is asked for, a day is read as it lies. */
const manyOf = 8

/** Hours of series, which are given in the order of their names. */
export function hourlyReader(
  db: Database.Database,
  view: SeriesView,
  rollups: RollupTable,
): (
  names: readonly NamedSeries[],
  query: Parameters<SeriesStore['hourly']>[0],
) => readonly HourlySeries[] {
  const ofDay = db.prepare('SELECT series, hours FROM rollups WHERE day = ?').raw()
  const ofSeries = db.prepare('SELECT hours FROM rollups WHERE day = ? AND series = ?').pluck()
  const nextDay = db
    .prepare('SELECT day FROM rollups WHERE day >= ? AND day <= ? ORDER BY day LIMIT 1')
    .pluck()
  const seriesCount = db.prepare('SELECT max(id) FROM series').pluck()

  return (names, { from, to, by }) => {
    if (from % hourMs !== 0 || to % hourMs !== 0 || to < from) {
      throw new LarderError(
        'RT_REQUEST_INVALID',
        'Hours are asked from a full hour to a later one.',
      )
    }
    const groups = new Map<string, HourlyGroup | null>()
    const keys = new Map<number, { readonly key: string; readonly name: SeriesName }>()
    for (const { id, name } of names) {
      const key = `${name.site}/${by === 'device' ? name.device : ''}/${name.channel}/${name.gtin}`
      groups.set(key, null)
      keys.set(id, { key, name })
    }

    function add(series: number, day: number, blob: Uint8Array): void {
      const { key, name } = keys.get(series)!
      let group = groups.get(key)
      if (!group) {
        const device = by === 'device' ? name.device : null
        groups.set(key, (group = emptyHours(name, device, from, (to - from) / hourMs)))
      }
      addDayToHours(group, day, blob, name)
    }

    /** By series, the days that readings which wait for their merge change. */
    const changed = new Map<number, Map<number, Uint8Array>>()
    const first = dayOf(from)
    const last = dayOf(to - 1)
    for (const series of names) {
      const patch = view.patchOf(series)
      if (!patch) continue
      const days = rollups.patched(series, patch).filter(({ day }) => day >= first && day <= last)
      if (days.length > 0)
        changed.set(series.id, new Map(days.map((day) => [day.day, encodeDay(day)])))
    }
    for (const [series, days] of changed) for (const [day, blob] of days) add(series, day, blob)

    const isMost = names.length > ((seriesCount.get() as number | null) ?? 0) / manyOf
    let day = nextDay.get(first, last) as number | undefined
    for (; day !== undefined; day = nextDay.get(day + 1, last) as number | undefined) {
      if (isMost) {
        for (const [series, blob] of ofDay.iterate(day) as Iterable<[number, Uint8Array]>) {
          if (keys.has(series) && !changed.get(series)?.has(day)) add(series, day, blob)
        }
        continue
      }
      for (const { id } of names) {
        if (changed.get(id)?.has(day)) continue
        const blob = ofSeries.get(day, id) as Uint8Array | undefined
        if (blob) add(id, day, blob)
      }
    }
    return [...groups.values()].flatMap((group) => (group ? [group.hourly] : []))
  }
}

/** One buffer for the four kinds of value, so that a copy to another thread is one copy. */
function emptyHours(
  name: SeriesName,
  device: string | null,
  from: number,
  hours: number,
): HourlyGroup {
  const values = new Float64Array(hours * 4).fill(NaN)
  return {
    hourly: {
      site: name.site,
      device,
      channel: name.channel,
      gtin: name.gtin === '' ? null : name.gtin,
      from,
      sum: values.subarray(0, hours),
      min: values.subarray(hours, 2 * hours),
      max: values.subarray(2 * hours, 3 * hours),
      last: values.subarray(3 * hours),
      count: new Uint32Array(hours),
    },
    lastAt: new Float64Array(hours),
  }
}

function addDayToHours(
  { hourly, lastAt }: HourlyGroup,
  day: number,
  blob: Uint8Array,
  name: SeriesName,
): void {
  const { sum, min, max, last, count } = hourly
  const firstHour = day * 24 - hourly.from / hourMs
  try {
    readHours(blob, (hour, view, place) => {
      const i = firstHour + hour
      if (i < 0 || i >= sum.length) return
      const isFirst = count[i] === 0
      const hourSum = view.getFloat64(place, true)
      const hourMin = view.getFloat64(place + 8, true)
      const hourMax = view.getFloat64(place + 16, true)
      sum[i] = isFirst ? hourSum : sum[i]! + hourSum
      min[i] = isFirst ? hourMin : Math.min(min[i]!, hourMin)
      max[i] = isFirst ? hourMax : Math.max(max[i]!, hourMax)
      count[i]! += view.getUint32(place + 32, true)
      const offset = view.getUint32(place + 36, true)
      if (isFirst || offset > lastAt[i]!) {
        lastAt[i] = offset
        last[i] = view.getFloat64(place + 24, true)
      }
    })
  } catch (error) {
    if (!(error instanceof DamagedBlockError)) throw error
    const series = [name.site, name.device, name.channel, ...(name.gtin ? [name.gtin] : [])]
    throw new LarderError(
      'RT_STORE_DAMAGED',
      `The hours of ${series.join('/')} on ${new Date(day * 24 * hourMs).toISOString().slice(0, 10)} are damaged in the series store (${error.message}) and are not given. Ask for other days, or restore a backup.`,
      { cause: error },
    )
  }
}
