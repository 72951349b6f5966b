import { parquetWriteFile } from 'hyparquet-writer'
import { quantileLevels } from '../domain/index.ts'
import type { ForecastBatch, History } from '../models/index.ts'

const levels = quantileLevels.length
const quantileNames = quantileLevels.map((p) => `q${String(Math.round(p * 100)).padStart(2, '0')}`)

/** `F.parquet` and `F.hourly.parquet`, a row per series and origin (and hour): the columns of the forecasting contract. */
export function writeDemandForecasts(
  path: string,
  history: History,
  batches: readonly ForecastBatch[],
): { readonly rows: number; readonly hourlyPath: string } {
  const rows = listRows(batches)
  const hourlyPath = path.replace(/(\.parquet)?$/, '.hourly.parquet')
  parquetWriteFile({
    filename: path,
    columnData: [
      ...keyColumns(history, batches, rows, 1),
      { name: 'horizon_hours', data: new Int32Array(rows.length).fill(12), type: 'INT32' },
      column('mean', rows, 1, (batch, s) => batches[batch]!.mean[s]!),
      ...quantileNames.map((name, k) =>
        column(name, rows, 1, (batch, s) => batches[batch]!.quantiles[s * levels + k]!),
      ),
    ],
  })
  parquetWriteFile({
    filename: hourlyPath,
    columnData: [
      ...keyColumns(history, batches, rows, 12),
      {
        name: 'hour',
        data: Int32Array.from({ length: rows.length * 12 }, (_, i) => i % 12),
        type: 'INT32',
      },
      column('mean', rows, 12, (batch, s, hour) => batches[batch]!.hourMean[s * 12 + hour]!),
      ...quantileNames.map((name, k) =>
        column(
          name,
          rows,
          12,
          (batch, s, hour) => batches[batch]!.hourQuantiles[(s * 12 + hour) * levels + k]!,
        ),
      ),
    ],
  })
  return { rows: rows.length, hourlyPath }
}

/** One row per site, origin and hour: `site_id, origin, hour, mean, q10, q50, q90`. */
export function writeFootfallForecasts(
  path: string,
  history: History,
  batches: readonly ForecastBatch[],
): { readonly rows: number } {
  const rows = listRows(batches)
  const quantile = (name: string, k: number): Column =>
    column(
      name,
      rows,
      12,
      (batch, s, hour) => batches[batch]!.hourQuantiles[(s * 12 + hour) * levels + k]!,
    )
  parquetWriteFile({
    filename: path,
    columnData: [
      idColumn('site_id', rows, 12, (s) => history.series[s]!.site),
      originColumn(batches, rows, 12),
      {
        name: 'hour',
        data: Int32Array.from({ length: rows.length * 12 }, (_, i) => i % 12),
        type: 'INT32',
      },
      column('mean', rows, 12, (batch, s, hour) => batches[batch]!.hourMean[s * 12 + hour]!),
      quantile('q10', 2),
      quantile('q50', 4),
      quantile('q90', 6),
    ],
  })
  return { rows: rows.length * 12 }
}

type Row = readonly [batch: number, series: number]
type Column = NonNullable<Parameters<typeof parquetWriteFile>[0]['columnData']>[number]

function listRows(batches: readonly ForecastBatch[]): readonly Row[] {
  return batches.flatMap((batch, b) =>
    [...batch.answered.keys()].filter((s) => batch.answered[s] === 1).map((s): Row => [b, s]),
  )
}

function keyColumns(
  history: History,
  batches: readonly ForecastBatch[],
  rows: readonly Row[],
  times: number,
): Column[] {
  return [
    idColumn('store_id', rows, times, (s) => history.series[s]!.site),
    idColumn('product_id', rows, times, (s) => history.series[s]!.product ?? ''),
    originColumn(batches, rows, times),
  ]
}

/** A number where every id is one, as in the public data set; else text. */
function idColumn(
  name: string,
  rows: readonly Row[],
  times: number,
  idOf: (series: number) => string,
): Column {
  const data = rows.flatMap(([, s]) => new Array<string>(times).fill(idOf(s)))
  return data.every((id) => /^\d{1,9}$/.test(id))
    ? { name, data: Int32Array.from(data, Number), type: 'INT32' }
    : { name, data, type: 'STRING' }
}

function originColumn(
  batches: readonly ForecastBatch[],
  rows: readonly Row[],
  times: number,
): Column {
  const words = batches.map(({ origin }) => new Date(origin).toISOString().slice(0, 16))
  return {
    name: 'origin',
    data: rows.flatMap(([batch]) => new Array<string>(times).fill(words[batch]!)),
    type: 'STRING',
  }
}

function column(
  name: string,
  rows: readonly Row[],
  times: number,
  valueOf: (batch: number, series: number, hour: number) => number,
): Column {
  const data = new Float32Array(rows.length * times)
  rows.forEach(([batch, s], i) => {
    for (let hour = 0; hour < times; hour++) data[i * times + hour] = valueOf(batch, s, hour)
  })
  return { name, data, type: 'FLOAT' }
}
