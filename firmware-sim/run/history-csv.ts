import { dayMs, toRfc3339 } from '../../domain/index.ts'
import type { CityHistory } from '../city/index.ts'

export interface CsvChunk {
  readonly task: string
  readonly csv: string
  readonly rows: number
}

/** Small enough that a progress bar moves, far below the 8 MB that an import may have. */
const rowsPerChunk = 20_000

/** Nobody reads an older temperature than the newest of a probe; two days fill a chart. */
const temperatureDays = 2

/**
 * The city's past up to `until` as CSV for `POST /v1/imports`, in chunks each with its header. As a till does, it says nothing of an
 * hour in which a product neither sold nor ran out: hours that a trading day leaves out are read as zero.
 */
export function* historyCsv(
  history: CityHistory,
  timeZone: string,
  until: number,
): Iterable<CsvChunk> {
  const texts = new Map<number, string>()
  const time = (at: number): string => {
    let text = texts.get(at)
    if (text === undefined) texts.set(at, (text = toRfc3339(at, timeZone)))
    return text
  }
  yield* chunks(
    'sales history',
    'site,product,at,units,outOfStockMinutes',
    filter(history.sales(), ({ units, outOfStockMinutes }) => units > 0 || outOfStockMinutes > 0),
    ({ site, product, at, units, outOfStockMinutes }) =>
      `${site},${product},${time(at)},${units},${outOfStockMinutes > 0 ? outOfStockMinutes : ''}`,
  )
  yield* chunks(
    'footfall history',
    'site,at,in,out',
    history.footfall(),
    (row) => `${row.site},${time(row.at)},${row.in},${row.out}`,
  )
  yield* chunks(
    'temperature history',
    'site,device,at,celsius',
    filter(history.temperatures(), ({ at }) => at >= until - temperatureDays * dayMs),
    ({ site, device, at, celsius }) => `${site},${device},${time(at)},${celsius}`,
  )
}

function* filter<T>(rows: Iterable<T>, isWanted: (row: T) => boolean): Iterable<T> {
  for (const row of rows) if (isWanted(row)) yield row
}

function* chunks<T>(
  task: string,
  header: string,
  rows: Iterable<T>,
  line: (row: T) => string,
): Iterable<CsvChunk> {
  let lines: string[] = []
  const chunk = (): CsvChunk => ({
    task,
    csv: `${header}\n${lines.join('\n')}\n`,
    rows: lines.length,
  })
  for (const row of rows) {
    lines.push(line(row))
    if (lines.length < rowsPerChunk) continue
    yield chunk()
    lines = []
  }
  if (lines.length > 0) yield chunk()
}

export function stockCsv(
  stock: readonly { readonly site: string; readonly product: string; readonly units: number }[],
): string {
  const lines = stock.map(({ site, product, units }) => `${site},${product},${units}`)
  return `site,product,units\n${lines.join('\n')}\n`
}
