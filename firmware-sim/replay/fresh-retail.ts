import { existsSync } from 'node:fs'
import { dayMs, errorMessage, LarderError } from '../../domain/index.ts'
import { chooseRows, type Keys } from './choose-rows.ts'
import { openParquet, type ParquetColumns } from './parquet-columns.ts'

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

const columns = [
  'city_id',
  'store_id',
  'product_id',
  'first_category_id',
  'dt',
  'hours_sale',
  'hours_stock_status',
]

/** Rejects with a sentence where the file is not there, not Parquet or lacks a column; reads no rows. */
export async function checkFreshRetail(path: string): Promise<void> {
  await opened(path, () => Promise.resolve())
}

/** The stores of one city with the most products, and the products that most of these have. Reads the columns by their own names. */
export async function readFreshRetail(
  path: string,
  most: { readonly stores: number; readonly products: number },
): Promise<FreshRetail> {
  return opened(path, async (file) => {
    const rows = chooseRows(await readKeys(file), most)
    const wanted = rowsByGroup(rows, file.groupStarts)
    const days = new Int32Array(rows.length)
    await eachWanted(file, 'dt', wanted, (place, value) => {
      days[place] = Math.floor(new Date(value as Date).getTime() / dayMs)
    })
    const firstDay = days.reduce((least, day) => Math.min(least, day), Infinity)
    const lastDay = days.reduce((latest, day) => Math.max(latest, day), -Infinity)
    const hours = rows.length === 0 ? 0 : (lastDay - firstDay + 1) * 24
    const categories = new Int32Array(rows.length)
    await eachWanted(file, 'first_category_id', wanted, (place, value) => {
      categories[place] = Number(value)
    })

    const stores = new Map<number, Map<number, RecordedSeries>>()
    const seriesOfRow = rows.map(({ store, product }, place) => {
      const own = stores.get(store) ?? new Map<number, RecordedSeries>()
      stores.set(store, own)
      const known = own.get(product)
      if (known) return known
      const [pieces, empty] = [new Uint16Array(hours), new Uint8Array(hours)]
      const series = { product, category: categories[place]!, pieces, empty }
      own.set(product, series)
      return series
    })
    const startOf = (place: number): number => (days[place]! - firstDay) * 24
    await eachWanted(file, 'hours_sale', wanted, (place, value) =>
      toPieces(ofDay(value, 'hours_sale'), seriesOfRow[place]!.pieces, startOf(place)),
    )
    await eachWanted(file, 'hours_stock_status', wanted, (place, value) => {
      const { empty } = seriesOfRow[place]!
      for (const [hour, flag] of ofDay(value, 'hours_stock_status').entries())
        empty[startOf(place) + hour] = flag === 1 ? 1 : 0
    })
    return {
      firstDay,
      hours,
      stores: [...stores].map(([store, series]) => ({ store, series: [...series.values()] })),
    }
  })
}

async function opened<T>(path: string, use: (file: ParquetColumns) => Promise<T>): Promise<T> {
  if (!existsSync(path)) throw unreadable(path, 'there is no such file')
  try {
    const file = await openParquet(path)
    const missing = columns.filter((name) => !file.names.has(name))
    if (missing.length > 0) throw unreadable(path, `it has no column ${missing.join(', ')}`)
    return await use(file)
  } catch (error) {
    if (error instanceof LarderError) throw error
    throw unreadable(path, errorMessage(error), error)
  }
}

function unreadable(path: string, why: string, cause?: unknown): LarderError {
  return new LarderError(
    'RT_FILE_UNREADABLE',
    `The recording ${path} cannot be replayed: ${why}. --replay takes a folder with freshretailnet/train.parquet (FreshRetailNet-50K, columns of the data set's own names).`,
    { cause },
  )
}

async function readKeys(file: ParquetColumns): Promise<Keys> {
  const length = file.groupStarts.at(-1)!
  const key = async (name: string): Promise<Int32Array> => {
    const values = new Int32Array(length)
    for (const [group, from] of file.groupStarts.slice(0, -1).entries())
      await file.read(name, { from, to: file.groupStarts[group + 1]! }, (row, value) => {
        values[row] = Number(value)
      })
    return values
  }
  return {
    city: await key('city_id'),
    store: await key('store_id'),
    product: await key('product_id'),
  }
}

/** Rows wanted of one row group: from the place of the first one in the list of all wanted rows on. */
interface Wanted {
  readonly from: number
  readonly to: number
  readonly placeOf: ReadonlyMap<number, number>
}

function rowsByGroup(
  rows: readonly { readonly row: number }[],
  groupStarts: readonly number[],
): readonly Wanted[] {
  return groupStarts.slice(0, -1).flatMap((begin, group) => {
    const end = groupStarts[group + 1]!
    const placeOf = new Map<number, number>()
    for (const [place, { row }] of rows.entries())
      if (row >= begin && row < end) placeOf.set(row, place)
    if (placeOf.size === 0) return []
    const inside = [...placeOf.keys()]
    return [{ from: inside[0]!, to: inside.at(-1)! + 1, placeOf }]
  })
}

async function eachWanted(
  file: ParquetColumns,
  name: string,
  wanted: readonly Wanted[],
  take: (place: number, value: unknown) => void,
): Promise<void> {
  for (const group of wanted)
    await file.read(name, group, (row, value) => {
      const place = group.placeOf.get(row)
      if (place !== undefined) take(place, value)
    })
}

function ofDay(value: unknown, name: string): readonly number[] {
  if (Array.isArray(value) && value.length === 24) return value as readonly number[]
  throw new TypeError(`a row has no 24 hours in ${name}`)
}

/** The remainder of a rounded hour goes on into the next, so that a day keeps its sum. */
function toPieces(sales: readonly number[], pieces: Uint16Array, start: number): void {
  let sum = 0
  for (const [hour, units] of sales.entries()) {
    const before = Math.round(sum * piecesPerUnit)
    sum += Math.max(0, units || 0)
    pieces[start + hour] = Math.round(sum * piecesPerUnit) - before
  }
}
