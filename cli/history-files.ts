import { parquetWriteFile } from 'hyparquet-writer'
import { hourMs } from '../domain/index.ts'
import { zoneOffsetHours, type History, type SeriesHistory } from '../models/index.ts'

type Schema = NonNullable<Parameters<typeof parquetWriteFile>[0]['schema']>
type Column = Parameters<typeof parquetWriteFile>[0]['columnData'][number]

/** A local day of a series: 24 hours, null where nothing is known of one. */
interface Day {
  readonly series: SeriesHistory
  readonly date: string
  readonly sold: (number | null)[]
  readonly out: (number | null)[]
  readonly known: Readonly<Record<string, number | null>>
}

/** Columns of the public data set that hold a known input, one value a day; 1 and 0 are what it writes where nothing is said. */
const dailyInputs = [
  ['discount', 'discount', 1],
  ['holiday_flag', 'holiday', 0],
  ['activity_flag', 'activity', 0],
  ['precpt', 'weatherPrecipitation', null],
  ['avg_temperature', 'weatherTemperature', null],
  ['avg_humidity', 'weatherHumidity', null],
  ['avg_wind_level', 'weatherWind', null],
] as const

/**
 * Demand by hour in the columns of FreshRetailNet-50K, as `larder models` reads it: a row per site, product and local day, with
 * `hours_stock_status` 1 where an hour ran dry at all and the temperature class as second category. A day of which no hour is known has
 * no row.
 */
export function writeDemandHistory(path: string, history: History): { readonly rows: number } {
  const days = history.series.flatMap((series) => [...daysOf(history, series)])
  const text = (name: string, of: (day: Day) => string): Column => ({
    ...{ name, data: days.map(of), type: 'STRING' },
  })
  const columns: readonly [Column, Schema][] = [
    required({ name: 'city_id', data: new Int32Array(days.length).fill(1), type: 'INT32' }),
    required(text('store_id', ({ series }) => series.site)),
    required(text('first_category_id', ({ series }) => series.statics.category1 ?? '')),
    required(text('second_category_id', ({ series }) => series.statics.tempClass ?? '')),
    required(text('third_category_id', () => '')),
    required(text('product_id', ({ series }) => series.product ?? '')),
    required(text('dt', ({ date }) => date)),
    optional(
      'sale_amount',
      days.map(({ sold }) => total(sold)),
    ),
    hourLists(
      'hours_sale',
      days.map(({ sold }) => sold),
    ),
    hourLists(
      'hours_stock_status',
      days.map(({ out }) => out),
    ),
    ...dailyInputs.map(([name, input]) =>
      optional(
        name,
        days.map(({ known }) => known[input] ?? null),
      ),
    ),
  ]
  write(path, days.length, columns)
  return { rows: days.length }
}

/** Counts by hour: `site_id`, `at` (local, `2026-11-22T06:00`), `in_count`. */
export function writeFootfallHistory(path: string, history: History): { readonly rows: number } {
  const rows = history.series.flatMap(({ site, timeZone, value }) =>
    [...value].flatMap((count, i) => {
      if (Number.isNaN(count)) return []
      const at = history.from + i * hourMs
      return [{ site, at: localTime(at, timeZone).slice(0, 16), count }]
    }),
  )
  write(path, rows.length, [
    required({ name: 'site_id', data: rows.map(({ site }) => site), type: 'STRING' }),
    required({ name: 'at', data: rows.map(({ at }) => at), type: 'STRING' }),
    required({ name: 'in_count', data: rows.map(({ count }) => count), type: 'DOUBLE' }),
  ])
  return { rows: rows.length }
}

const localTime = (at: number, timeZone: string): string =>
  new Date(at + zoneOffsetHours(timeZone, at) * hourMs).toISOString()

/** The hour that a clock going back shows twice is both together. */
function* daysOf(history: History, series: SeriesHistory): Generator<Day> {
  const days = new Map<string, { sold: Day['sold']; out: Day['out']; hours: number[] }>()
  series.value.forEach((amount, i) => {
    if (Number.isNaN(amount)) return
    const time = localTime(history.from + i * hourMs, series.timeZone)
    const [date, hour] = [time.slice(0, 10), Number(time.slice(11, 13))]
    let day = days.get(date)
    if (!day) days.set(date, (day = { sold: noHours(), out: noHours(), hours: [] }))
    day.sold[hour] = (day.sold[hour] ?? 0) + amount
    day.out[hour] = series.outMinutes[i]! > 0 || day.out[hour] === 1 ? 1 : 0
    day.hours.push(i)
  })
  for (const [date, { sold, out, hours }] of days)
    yield { series, date, sold, out, known: knownOf(series, hours) }
}

const noHours = (): (number | null)[] => new Array<number | null>(24).fill(null)

/** The mean of what was known of the hours of a day. */
function knownOf({ known }: SeriesHistory, hours: readonly number[]): Day['known'] {
  return Object.fromEntries(
    dailyInputs.map(([, input, absent]) => {
      const found = known[input]
      if (!found) return [input, absent]
      const values = hours
        .map(
          (i) =>
            found.values[Math.min(found.values.length - 1, Math.floor(i / found.hoursPerStep))]!,
        )
        .filter((value) => !Number.isNaN(value))
      const sum = values.reduce((all, value) => all + value, 0)
      return [input, values.length === 0 ? absent : sum / values.length]
    }),
  )
}

function total(hours: readonly (number | null)[]): number | null {
  return hours.every((hour) => hour !== null) ? hours.reduce((sum, hour) => sum + hour, 0) : null
}

const converted = { STRING: 'UTF8' } as const

function required(column: Column): [Column, Schema] {
  const type = column.type === 'STRING' ? 'BYTE_ARRAY' : (column.type as 'INT32' | 'DOUBLE')
  const { name } = column
  const text = column.type === 'STRING' ? { converted_type: converted.STRING } : {}
  return [{ name, data: column.data }, [{ name, type, repetition_type: 'REQUIRED', ...text }]]
}

function optional(name: string, data: (number | null)[]): [Column, Schema] {
  return [{ name, data }, [{ name, type: 'DOUBLE', repetition_type: 'OPTIONAL' }]]
}

/** A list as other programs expect one: list, element. */
function hourLists(name: string, data: (number | null)[][]): [Column, Schema] {
  return [
    { name, data },
    [
      { name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', type: 'DOUBLE', repetition_type: 'OPTIONAL' },
    ],
  ]
}

function write(path: string, rows: number, columns: readonly (readonly [Column, Schema])[]): void {
  parquetWriteFile({
    filename: path,
    columnData: columns.map(([column]) => column),
    schema: [
      { name: 'root', num_children: columns.length },
      ...columns.flatMap(([, schema]) => schema),
    ],
    rowGroupSize: Math.max(1, Math.min(rows, 100_000)),
  })
}
