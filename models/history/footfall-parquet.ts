import { hourMs } from '../../domain/index.ts'
import type { History, KnownInput } from '../forecaster.ts'
import { openRowGroups, unreadable } from './parquet.ts'

/**
 * Reads hourly counts: `site_id`, `at` (ISO local hour), `in_count`. A null count is unknown. Where there is a column `holiday`
 * (1 in the hours of a public holiday), it is known ahead: rows without a count may hold it.
 */
export async function readFootfallHistory(
  path: string,
  options: { readonly until?: number | undefined } = {},
): Promise<History> {
  const groups = await openRowGroups(path, ['site_id', 'at', 'in_count'])
  const holidays = new Map<string, Set<number>>()
  const counts = new Map<string, Map<number, number>>()
  let first = Infinity
  let last = -Infinity
  let lastHoliday = -Infinity
  const knowsHolidays = groups.some(({ columns }) => columns.has('holiday'))
  for (const group of groups) {
    const sites = await group.column('site_id')
    const hours = await group.column('at')
    const values = await group.column('in_count')
    const flags = group.columns.has('holiday') ? await group.column('holiday') : null
    for (let row = 0; row < group.rows; row++) {
      const hour = hourNumber(hours[row], group.file)
      const site = String(sites[row])
      if (flags && Number(flags[row]) > 0) {
        holidays.set(site, (holidays.get(site) ?? new Set<number>()).add(hour))
        lastHoliday = Math.max(lastHoliday, hour)
      }
      const value = values[row]
      if (value === null || value === undefined) continue
      if (options.until !== undefined && hour * hourMs >= options.until) continue
      if (Number(value) < 0) {
        throw unreadable(group.file, 'in_count holds a negative number', 'Mend or drop that row')
      }
      const series = counts.get(site) ?? new Map<number, number>()
      counts.set(site, series.set(hour, Number(value)))
      first = Math.min(first, hour)
      last = Math.max(last, hour)
    }
  }
  if (counts.size === 0) throw unreadable(path, 'it holds no count', 'Check the file')
  const hours = last - first + 1
  return {
    target: 'footfall',
    from: first * hourMs,
    hours,
    series: [...counts].map(([site, byHour]) => {
      const value = new Float32Array(hours).fill(NaN)
      for (const [hour, count] of byHour) value[hour - first] = count
      return {
        site,
        product: null,
        device: null,
        timeZone: 'UTC',
        statics: {},
        value,
        outMinutes: new Uint8Array(hours),
        known: knowsHolidays ? { holiday: flagsOf(holidays.get(site), first, lastHoliday) } : {},
      }
    }),
  }
}

/** A step past the last holiday is a 0, which holds on. */
function flagsOf(hours: ReadonlySet<number> | undefined, first: number, last: number): KnownInput {
  const values = new Float32Array(Math.max(0, last - first + 1) + 1)
  for (const hour of hours ?? []) if (hour >= first) values[hour - first] = 1
  return { hoursPerStep: 1, values }
}

function hourNumber(cell: unknown, file: string): number {
  const at =
    cell instanceof Date
      ? cell.getTime()
      : typeof cell === 'string'
        ? Date.parse(`${cell.slice(0, 16).replace(' ', 'T')}Z`)
        : NaN
  if (!Number.isFinite(at)) {
    throw unreadable(file, `at holds "${String(cell)}", which is no hour`, 'Write 2024-06-12T06:00')
  }
  return Math.floor(at / hourMs)
}
