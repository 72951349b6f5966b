import type Database from 'better-sqlite3'
import { hourMs, LarderError } from '../../domain/index.ts'
import { DamagedBlockError } from './block-codec.ts'
import {
  dayOf,
  encodeDay,
  firstHourByte,
  hourBytes,
  hours,
  viewHours,
  type DayRollup,
} from './day-rollup.ts'
import type { RollupTable } from './rollup-table.ts'
import type { NamedSeries } from './series-range.ts'
import type { SeriesName } from './series-rows.ts'
import type { HourlySeries, SeriesStore } from './series-store.ts'
import type { SeriesView } from './series-view.ts'

/** Series that are added up: one, or those of a site's devices. */
interface Group {
  /** Null until the first day that has any. */
  hours: GroupHours | null
}

interface Member {
  readonly name: SeriesName
  readonly group: Group
  /** By day, what readings that wait for their merge make of it. */
  readonly changed: ReadonlyMap<number, Uint8Array> | null
}

interface GroupHours {
  readonly hourly: HourlySeries
  /** Milliseconds into the hour of each `last`, to choose among devices. */
  readonly lastAt: Uint32Array
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
    const groups = new Map<string, Group>()
    const members = new Map<number, Member>()
    const first = dayOf(from)
    const last = dayOf(to - 1)
    for (const series of names) {
      const { id, name } = series
      const key = `${name.site}/${by === 'device' ? name.device : ''}/${name.channel}/${name.gtin}`
      let group = groups.get(key)
      if (!group) groups.set(key, (group = { hours: null }))
      const patch = view.patchOf(series)
      const changed = patch ? changedDays(rollups.patched(series, patch), first, last) : null
      members.set(id, { name, group, changed })
    }

    function add({ group, name }: Member, day: number, blob: Uint8Array): void {
      const device = by === 'device' ? name.device : null
      group.hours ??= emptyHours(name, device, from, (to - from) / hourMs)
      addDayToHours(group.hours, day, blob, name)
    }

    for (const member of members.values())
      for (const [day, blob] of member.changed ?? []) add(member, day, blob)

    const isMost = names.length > ((seriesCount.get() as number | null) ?? 0) / manyOf
    let day = nextDay.get(first, last) as number | undefined
    for (; day !== undefined; day = nextDay.get(day + 1, last) as number | undefined) {
      if (isMost) {
        for (const [series, blob] of ofDay.iterate(day) as Iterable<[number, Uint8Array]>) {
          const member = members.get(series)
          if (member && !member.changed?.has(day)) add(member, day, blob)
        }
        continue
      }
      for (const [id, member] of members) {
        if (member.changed?.has(day)) continue
        const blob = ofSeries.get(day, id) as Uint8Array | undefined
        if (blob) add(member, day, blob)
      }
    }
    return [...groups.values()].flatMap(({ hours }) => (hours ? [hours.hourly] : []))
  }
}

/** As bytes, before the next series is asked for. */
function changedDays(
  days: readonly DayRollup[],
  first: number,
  last: number,
): ReadonlyMap<number, Uint8Array> {
  const asked = days.filter(({ day }) => day >= first && day <= last)
  return new Map(asked.map((day) => [day.day, encodeDay(day)]))
}

/** One buffer for the four kinds of value, so that a copy to another thread is one copy. */
function emptyHours(
  name: SeriesName,
  device: string | null,
  from: number,
  hours: number,
): GroupHours {
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
    lastAt: new Uint32Array(hours),
  }
}

function addDayToHours(
  { hourly, lastAt }: GroupHours,
  day: number,
  blob: Uint8Array,
  name: SeriesName,
): void {
  const { sum, min, max, last, count } = hourly
  try {
    const { view, bits } = viewHours(blob)
    let place = firstHourByte - hourBytes
    for (let hour = 0; hour < hours; hour++) {
      if ((bits & (1 << hour)) === 0) continue
      place += hourBytes
      const i = day * hours + hour - hourly.from / hourMs
      if (i < 0 || i >= sum.length) continue
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
    }
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
