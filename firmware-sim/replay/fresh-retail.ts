import { existsSync } from 'node:fs'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { dayMs, errorMessage, LarderError } from '../../domain/index.ts'

export interface RecordedSeries {
  readonly product: number
  readonly category: number
  /** Pieces sold in each hour from the first day's midnight on. */
  readonly pieces: Uint16Array
  /** 1: out of stock in that hour. */
  readonly empty: Uint8Array
}

export interface RecordedStore {
  readonly store: number
  readonly series: readonly RecordedSeries[]
}

export interface FreshRetail {
  /** Local midnight of the first day, as days since 1970-01-01. */
  readonly firstDay: number
  readonly hours: number
  readonly stores: readonly RecordedStore[]
}

/** The data set gives sales in normalised units with steps of about 0.1: ten pieces a unit. */
export const piecesPerUnit = 10

const keyColumns = ['city_id', 'store_id', 'product_id'] as const
const columns = [
  'store_id',
  'product_id',
  'first_category_id',
  'dt',
  'hours_sale',
  'hours_stock_status',
] as const

type Row = Readonly<Record<string, unknown>>
interface StoreRows {
  readonly city: number
  readonly store: number
  readonly products: Set<number>
  readonly ranges: [from: number, to: number][]
}

/** The stores of one city with the most products, and the products that most of these have. Reads the columns by their own names. */
export async function readFreshRetail(
  path: string,
  most: { readonly stores: number; readonly products: number },
): Promise<FreshRetail> {
  if (!existsSync(path)) throw unreadable(path, 'there is no such file')
  try {
    const file = await asyncBufferFromFile(path)
    const metadata = await parquetMetadataAsync(file)
    const there = new Set(metadata.schema.map(({ name }) => name))
    const missing = [...keyColumns, ...columns].filter((name) => !there.has(name))
    if (missing.length > 0) throw unreadable(path, `it has no column ${missing.join(', ')}`)
    const keys = await parquetReadObjects({ file, metadata, compressors, columns: [...keyColumns] })
    const chosen = chooseStores(keys, most.stores)
    const products = chooseProducts(chosen, most.products)
    const rows: Row[] = []
    const groups = metadata.row_groups.map(({ num_rows }) => Number(num_rows))
    const stores = new Set(chosen.map(({ store }) => store))
    for (const [rowStart, rowEnd] of spans(
      groups,
      chosen.flatMap(({ ranges }) => ranges),
    )) {
      const part = await parquetReadObjects({
        file,
        metadata,
        compressors,
        columns: [...columns],
        rowStart,
        rowEnd,
      })
      for (const row of part)
        if (stores.has(Number(row.store_id)) && products.has(Number(row.product_id))) rows.push(row)
    }
    return toSeries(rows)
  } catch (error) {
    if (error instanceof LarderError) throw error
    throw unreadable(path, errorMessage(error), error)
  }
}

/** The ranges as one span a row group: a row group is decoded whole for each read. */
function spans(
  groups: readonly number[],
  ranges: readonly (readonly [number, number])[],
): readonly (readonly [number, number])[] {
  const ends = groups.map((_, index) => groups.slice(0, index + 1).reduce((a, b) => a + b, 0))
  return ends.flatMap((end, index) => {
    const begin = end - groups[index]!
    const inside = ranges.filter(([from, to]) => from < end && to > begin)
    if (inside.length === 0) return []
    const from = Math.max(begin, Math.min(...inside.map(([start]) => start)))
    const to = Math.min(end, Math.max(...inside.map(([, stop]) => stop)))
    return [[from, to] as const]
  })
}

function unreadable(path: string, why: string, cause?: unknown): LarderError {
  return new LarderError(
    'RT_FILE_UNREADABLE',
    `The recording ${path} cannot be replayed: ${why}. --replay takes a folder with freshretailnet/train.parquet (FreshRetailNet-50K, columns of the data set's own names).`,
    { cause },
  )
}

function chooseStores(
  keys: readonly Readonly<Record<string, unknown>>[],
  most: number,
): readonly StoreRows[] {
  const stores = new Map<number, StoreRows>()
  for (const [place, row] of keys.entries()) {
    const store = Number(row.store_id)
    let known = stores.get(store)
    if (!known) {
      known = { city: Number(row.city_id), store, products: new Set(), ranges: [] }
      stores.set(store, known)
    }
    known.products.add(Number(row.product_id))
    const last = known.ranges.at(-1)
    if (last?.[1] === place) last[1] = place + 1
    else known.ranges.push([place, place + 1])
  }
  const cities = new Map<number, StoreRows[]>()
  for (const store of stores.values())
    cities.set(store.city, [...(cities.get(store.city) ?? []), store])
  const best = [...cities.values()]
    .map((all) => [...all].sort((a, b) => b.products.size - a.products.size || a.store - b.store))
    .map((all) => all.slice(0, most))
    .sort((a, b) => breadth(b) - breadth(a))
  return best[0] ?? []
}

function breadth(stores: readonly StoreRows[]): number {
  return stores.reduce((sum, { products }) => sum + products.size, 0)
}

function chooseProducts(stores: readonly StoreRows[], most: number): ReadonlySet<number> {
  const count = new Map<number, number>()
  for (const { products } of stores)
    for (const product of products) count.set(product, (count.get(product) ?? 0) + 1)
  const sorted = [...count].sort((a, b) => b[1] - a[1] || a[0] - b[0])
  return new Set(sorted.slice(0, most).map(([product]) => product))
}

function toSeries(rows: readonly Row[]): FreshRetail {
  const dayOf = (row: Row): number => Math.floor(new Date(row.dt as Date).getTime() / dayMs)
  const days = rows.map(dayOf)
  const firstDay = days.reduce((least, day) => Math.min(least, day), Infinity)
  const lastDay = days.reduce((most, day) => Math.max(most, day), -Infinity)
  const hours = Math.max(0, (lastDay - firstDay + 1) * 24)
  const stores = new Map<number, Map<number, RecordedSeries>>()
  for (const row of rows) {
    const series = seriesOf(stores, row, hours)
    const sales = row.hours_sale as ArrayLike<number>
    const empty = row.hours_stock_status as ArrayLike<number>
    const start = (dayOf(row) - firstDay) * 24
    let sum = 0
    for (let hour = 0; hour < 24; hour++) {
      // The remainder of a rounded hour goes on into the next, so that a day keeps its sum.
      const before = Math.round(sum * piecesPerUnit)
      sum += Math.max(0, sales[hour] ?? 0)
      series.pieces[start + hour] = Math.round(sum * piecesPerUnit) - before
      series.empty[start + hour] = empty[hour] === 1 ? 1 : 0
    }
  }
  return {
    firstDay,
    hours,
    stores: [...stores].map(([store, series]) => ({ store, series: [...series.values()] })),
  }
}

function seriesOf(
  stores: Map<number, Map<number, RecordedSeries>>,
  row: Row,
  hours: number,
): RecordedSeries {
  const store = stores.get(Number(row.store_id)) ?? new Map<number, RecordedSeries>()
  stores.set(Number(row.store_id), store)
  const product = Number(row.product_id)
  const known = store.get(product)
  if (known) return known
  const series = {
    product,
    category: Number(row.first_category_id),
    pieces: new Uint16Array(hours),
    empty: new Uint8Array(hours),
  }
  store.set(product, series)
  return series
}
