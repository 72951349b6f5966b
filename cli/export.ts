import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Option, type Command } from 'commander'
import { dayMs, hourMs, LarderError } from '../domain/index.ts'
import { eachItem, type Connection } from './connection.ts'
import { csvLine } from './csv-line.ts'
import type { ReadingView } from './readings.ts'
import { print, withConnection, withPlace, type PlaceOptions } from './with-connection.ts'

interface ExportOptions extends PlaceOptions {
  readonly out: string
  readonly what: 'readings' | 'stock' | 'demand' | 'footfall'
  readonly site?: string
  readonly from?: string
  readonly to?: string
}
type Row = Readonly<Record<string, unknown>>

const historyDays = 92

/** `larder export --out FILE.csv|.ndjson|.parquet` */
export function registerExport(program: Command): void {
  withPlace(program.command('export'))
    .description(
      'Write readings or the stock to a file, CSV or newline JSON by its name; or the history that "larder models" trains on, as Parquet.',
    )
    .requiredOption('--out <file>', 'FILE.csv or FILE.ndjson; of demand and footfall FILE.parquet')
    .addOption(
      new Option('--what <what>', 'what is written')
        .choices(['readings', 'stock', 'demand', 'footfall'])
        .default('readings'),
    )
    .option('--site <site>', 'of this site (default: every site)')
    .option(
      '--from <time>',
      `from this time on, RFC 3339 with an offset (default: all readings; ${historyDays} days of a history)`,
    )
    .option('--to <time>', 'before this time')
    .addHelpText(
      'after',
      `
Examples:
  larder export --from 2026-11-22T00:00:00+08:00 --out readings.csv
  larder export --what stock --out stock.ndjson
  larder export --what demand --out history.parquet
  larder models train --history history.parquet --until 2026-11-21 --out model`,
    )
    .action(async (options: ExportOptions) => {
      const isHistory = options.what === 'demand' || options.what === 'footfall'
      const endings = isHistory ? ['parquet'] : ['csv', 'ndjson']
      const ending = /\.(\w+)$/.exec(options.out)?.[1] ?? ''
      if (!endings.includes(ending))
        throw new LarderError(
          'RT_REQUEST_INVALID',
          `"${options.out}" is no name for ${options.what}: it ends in .${endings.join(' or .')}.`,
        )
      const rows = await withConnection(options, (connection) =>
        isHistory
          ? writeHistory(connection, options)
          : writeLines(connection, options, ending === 'csv'),
      )
      await print(`${rows} rows written to ${options.out}.`)
    })
}

async function writeLines(
  connection: Connection,
  options: ExportOptions,
  isCsv: boolean,
): Promise<number> {
  const items =
    options.what === 'stock'
      ? eachItem<Row>(connection, '/v1/stock', { site: options.site, limit: 1000 })
      : readingsOf(connection, options)
  const lines = isCsv ? csvLines(items) : jsonLines(items)
  let count = isCsv ? -1 : 0
  const counted = async function* (): AsyncGenerator<string> {
    for await (const line of lines) {
      count++
      yield line
    }
  }
  await pipeline(Readable.from(counted()), createWriteStream(options.out))
  return Math.max(0, count)
}

async function writeHistory(connection: Connection, options: ExportOptions): Promise<number> {
  const [{ readHistory }, files, { createProgressLine }] = await Promise.all([
    import('./export-history.ts'),
    import('./history-files.ts'),
    import('./progress-line.ts'),
  ])
  const now = await connection.request<{ now: number }>('GET', '/v1/clock')
  const to = hourOf(options.to, '--to') ?? Math.floor(now.now / hourMs) * hourMs
  const from = hourOf(options.from, '--from') ?? to - historyDays * dayMs
  if (from >= to)
    throw new LarderError('RT_REQUEST_INVALID', '--from is not before --to: no hour lies between.')
  const line = createProgressLine(process.stderr, () => performance.now())
  const startedAt = performance.now()
  const what = options.what === 'footfall' ? 'footfall' : 'demand'
  const history = await readHistory(connection, what, { from, to, site: options.site }, (done) => {
    const spentMs = performance.now() - startedAt
    const remainingMs = (spentMs * (done.of - done.done)) / done.done
    line.show({ ...done, startedAt, remainingMs })
  })
  line.end()
  if (history.series.length === 0)
    throw new LarderError(
      'RT_NOT_FOUND',
      `Nothing was ${what === 'demand' ? 'sold' : 'counted at a door'} between these times: name others by --from and --to, or another --site.`,
    )
  const write = what === 'demand' ? files.writeDemandHistory : files.writeFootfallHistory
  return write(options.out, history).rows
}

function hourOf(text: string | undefined, flag: string): number | null {
  if (text === undefined) return null
  const at = /(Z|[+-]\d\d:\d\d)$/i.test(text) ? Date.parse(text) : NaN
  if (Number.isNaN(at))
    throw new LarderError(
      'RT_REQUEST_INVALID',
      `"${text}" of ${flag} is no time: write one like 2026-11-22T00:00:00+08:00.`,
    )
  return Math.floor(at / hourMs) * hourMs
}

async function* readingsOf(connection: Connection, options: ExportOptions): AsyncGenerator<Row> {
  const sites: string[] = []
  if (options.site !== undefined) sites.push(options.site)
  else
    for await (const site of eachItem<{ id: string }>(connection, '/v1/sites', { limit: 1000 }))
      sites.push(site.id)
  for (const site of sites) {
    const query = { site, from: options.from, to: options.to, limit: 10_000 }
    for await (const reading of eachItem<ReadingView>(connection, '/v1/readings', query))
      yield { ...reading }
  }
}

async function* csvLines(items: AsyncIterable<Row>): AsyncGenerator<string> {
  let columns: readonly string[] | null = null
  for await (const item of items) {
    if (columns === null) {
      columns = Object.keys(item)
      yield csvLine(columns)
    }
    yield csvLine(columns.map((column) => item[column]))
  }
}

async function* jsonLines(items: AsyncIterable<Row>): AsyncGenerator<string> {
  for await (const item of items) yield `${JSON.stringify(item)}\n`
}
