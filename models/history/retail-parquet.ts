import { dayMs, hourMs } from '../../domain/index.ts'
import type { History, KnownInput, SeriesHistory } from '../forecaster.ts'
import { openRowGroups, unreadable, type RowGroup } from './parquet.ts'

/** Daily columns that are known for the day ahead. Weather counts as its forecast. */
const knownColumns = {
  discount: 'discount',
  holiday_flag: 'holiday',
  activity_flag: 'activity',
  precpt: 'weatherPrecipitation',
  avg_temperature: 'weatherTemperature',
  avg_humidity: 'weatherHumidity',
  avg_wind_level: 'weatherWind',
} as const

const staticColumns = {
  city_id: 'region',
  first_category_id: 'category1',
  second_category_id: 'category2',
  third_category_id: 'category3',
} as const

const required = ['store_id', 'product_id', 'dt', 'hours_sale', 'hours_stock_status'] as const

export interface RetailOptions {
  /** Days before this are left out, to save memory. */
  readonly from?: number | undefined
  /** Hours from this on are left out; the known inputs stay. */
  readonly until?: number | undefined
  /** Series are left out whose column has one of the values. */
  readonly exclude?: { readonly column: string; readonly values: ReadonlySet<string> } | undefined
}

interface Draft {
  readonly site: string
  readonly product: string
  readonly statics: Record<string, string>
}

/** Where a row of a row group goes: its series and day, or -1 where it is left out. */
interface Placed {
  readonly group: RowGroup
  readonly series: Int32Array
  readonly day: Int32Array
}

/** Reads hourly demand in the columns of FreshRetailNet-50K: one row per store, product and day, lists of 24 hours in local time. */
export async function readRetailHistory(
  path: string,
  options: RetailOptions = {},
): Promise<History> {
  const exclude = options.exclude
  const optional = [...Object.keys(knownColumns), ...Object.keys(staticColumns)]
  const groups = await openRowGroups(path, [
    ...required,
    ...optional,
    ...(exclude ? [exclude.column] : []),
  ])
  const drafts: Draft[] = []
  const { placed, firstDay, days } = await placeRows(groups, drafts, options)
  if (drafts.length === 0) {
    throw unreadable(path, 'no row is left to read', 'Widen the days or the exclusion')
  }
  const hours = days * 24
  // In memory that threads share: training reads it from several.
  const value = sharedFloats(drafts.length * hours).fill(NaN)
  const outMinutes = new Uint8Array(new SharedArrayBuffer(drafts.length * hours))
  const known = Object.values(knownColumns).map((name) => ({
    name,
    values: sharedFloats(drafts.length * days).fill(NaN),
  }))
  const untilHour = options.until === undefined ? hours : options.until / hourMs - firstDay * 24
  for (const rows of placed) {
    await readHours(rows, { value, outMinutes, hours, untilHour })
    for (const [i, column] of Object.keys(knownColumns).entries()) {
      await readDaily(rows, column, known[i]!.values, days)
    }
  }
  return {
    target: 'demand',
    from: firstDay * dayMs,
    hours: Math.min(hours, Math.max(0, untilHour)),
    series: drafts.map(({ site, product, statics }, i): SeriesHistory => ({
      site,
      product,
      device: null,
      timeZone: 'UTC',
      statics,
      value: value.subarray(i * hours, (i + 1) * hours),
      outMinutes: outMinutes.subarray(i * hours, (i + 1) * hours),
      known: Object.fromEntries(
        known.map(({ name, values }): [string, KnownInput] => [
          name,
          { hoursPerStep: 24, values: fillGaps(values.subarray(i * days, (i + 1) * days)) },
        ]),
      ),
    })),
  }
}

function sharedFloats(length: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(length * Float32Array.BYTES_PER_ELEMENT))
}

async function placeRows(
  groups: readonly RowGroup[],
  drafts: Draft[],
  options: RetailOptions,
): Promise<{ placed: readonly Placed[]; firstDay: number; days: number }> {
  const index = new Map<string, number>()
  const placed: Placed[] = []
  const fromDay = options.from === undefined ? -Infinity : Math.floor(options.from / dayMs)
  const untilDay = options.until === undefined ? Infinity : Math.ceil(options.until / dayMs)
  let firstDay = Infinity
  let lastDay = -Infinity
  for (const group of groups) {
    const [stores, products, dates] = [
      await group.column('store_id'),
      await group.column('product_id'),
      await group.column('dt'),
    ]
    const statics: [string, ArrayLike<unknown>][] = []
    for (const [column, name] of Object.entries(staticColumns)) {
      statics.push([name, await group.column(column)])
    }
    const excluded = options.exclude ? await group.column(options.exclude.column) : null
    const series = new Int32Array(group.rows).fill(-1)
    const day = new Int32Array(group.rows)
    for (let row = 0; row < group.rows; row++) {
      if (excluded && options.exclude?.values.has(String(excluded[row]))) continue
      const date = dayNumber(dates[row], group.file)
      if (date < fromDay || date >= untilDay) continue
      const site = String(stores[row])
      const product = String(products[row])
      const key = `${site}/${product}`
      let at = index.get(key)
      if (at === undefined) {
        at = drafts.length
        index.set(key, at)
        drafts.push({
          site,
          product,
          statics: Object.fromEntries(statics.map(([name, values]) => [name, String(values[row])])),
        })
      }
      series[row] = at
      day[row] = date
      firstDay = Math.min(firstDay, date)
      lastDay = Math.max(lastDay, date)
    }
    placed.push({ group, series, day })
  }
  for (const { day } of placed) for (let row = 0; row < day.length; row++) day[row]! -= firstDay
  return { placed, firstDay, days: lastDay - firstDay + 1 }
}

function dayNumber(date: unknown, file: string): number {
  const at =
    date instanceof Date
      ? date.getTime()
      : typeof date === 'string'
        ? Date.parse(`${date.slice(0, 10)}T00:00:00Z`)
        : NaN
  if (!Number.isFinite(at)) {
    throw unreadable(file, `dt holds "${String(date)}", which is no date`, 'Write dates in dt')
  }
  return Math.floor(at / dayMs)
}

async function readHours(
  { group, series, day }: Placed,
  into: {
    readonly value: Float32Array
    readonly outMinutes: Uint8Array
    readonly hours: number
    readonly untilHour: number
  },
): Promise<void> {
  const sales = await group.column('hours_sale')
  const status = await group.column('hours_stock_status')
  for (let row = 0; row < group.rows; row++) {
    const at = series[row]!
    if (at < 0) continue
    const sold = hourList(sales[row], 'hours_sale', group.file)
    const out = hourList(status[row], 'hours_stock_status', group.file)
    if (!sold || !out) continue
    for (let hour = 0; hour < 24; hour++) {
      if (day[row]! * 24 + hour >= into.untilHour) break
      const amount = numberIn(sold[hour], 'hours_sale', group.file)
      const flag = numberIn(out[hour], 'hours_stock_status', group.file)
      if (amount === null || flag === null) continue
      if (amount < 0) {
        throw unreadable(
          group.file,
          `hours_sale holds ${amount}, and sales cannot be negative`,
          'Mend or drop that row',
        )
      }
      const i = at * into.hours + day[row]! * 24 + hour
      into.value[i] = amount
      into.outMinutes[i] = flag > 0 ? 60 : 0
    }
  }
}

function hourList(cell: unknown, column: string, file: string): readonly unknown[] | null {
  if (cell === null || cell === undefined) return null
  if (!Array.isArray(cell) || cell.length !== 24) {
    throw unreadable(file, `${column} holds a cell that is no list of 24 hours`, 'Mend that row')
  }
  return cell as readonly unknown[]
}

/** Null where the hour is not known. Numbers of 64 bits, which many programs write, come as bigints. */
function numberIn(cell: unknown, column: string, file: string): number | null {
  if (typeof cell === 'number') return cell
  if (cell === null || cell === undefined) return null
  if (typeof cell === 'bigint' || typeof cell === 'boolean') return Number(cell)
  throw unreadable(
    file,
    `${column} holds ${JSON.stringify(cell)}, which is no number`,
    'Write numbers',
  )
}

async function readDaily(
  { group, series, day }: Placed,
  column: string,
  values: Float32Array,
  days: number,
): Promise<void> {
  const cells = await group.column(column)
  for (let row = 0; row < group.rows; row++) {
    const cell = cells[row]
    if (series[row]! < 0 || cell === null || cell === undefined) continue
    values[series[row]! * days + day[row]!] = Number(cell)
  }
}

/** A day without a row keeps the last one's inputs; days before the first row have its. */
function fillGaps(values: Float32Array): Float32Array {
  const first = values.findIndex((value) => !Number.isNaN(value))
  let last = first < 0 ? 0 : values[first]!
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i]!)) values[i] = last
    else last = values[i]!
  }
  return values
}
