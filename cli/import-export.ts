import { createReadStream, createWriteStream, statSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Option, type Command } from 'commander'
import { LarderError } from '../domain/index.ts'
import { eachItem, type Connection } from './connection.ts'
import { csvLine } from './csv-line.ts'
import type { ReadingView } from './readings.ts'
import { print, withConnection, withPlace, type PlaceOptions } from './with-connection.ts'

interface ImportAnswer {
  readonly kind: string
  readonly accepted: number
  readonly rejected: number
  readonly problems: readonly { readonly line: number; readonly words: string }[]
}

/** `larder import FILE.csv [--kind K]` and `larder export --out FILE.csv|.ndjson`. */
export function registerImportExport(program: Command): void {
  withPlace(program.command('import <file>'))
    .description('Import master data, stock or history from CSV; the header tells which.')
    .option('--kind <kind>', 'where the header fits more than one')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `\nHeaders:
  sites        id,name,kind,timeZone,…          products     id,name,tempClass,shortageCost,overageCost,…
  planograms   id,site,product,device,…         lanes        id,from,to,minutesP50,…
  staff        id,site,start,end,people,…       stock        site,product,units
  sales        site,product,at,units,outOfStockMinutes (hourly)
  footfall     site,at,in,out (hourly)          temperatures site,device,at,celsius

Example:
  larder import sales.csv --data ./data`,
    )
    .action(async (file: string, options: PlaceOptions & { kind?: string; json?: true }) => {
      requireFile(file)
      const search =
        options.kind === undefined
          ? ''
          : `?${new URLSearchParams({ kind: options.kind }).toString()}`
      const answer = await withConnection({ ...options, mayCreate: true }, ({ request }) =>
        request<ImportAnswer>('POST', `/v1/imports${search}`, createReadStream(file)),
      )
      if (options.json) await print(JSON.stringify(answer))
      else {
        await print(`${answer.kind}: ${answer.accepted} rows taken, ${answer.rejected} not.`)
        for (const { line, words } of answer.problems) await print(`  line ${line}: ${words}`)
      }
      if (answer.rejected > 0) process.exitCode = 1
    })

  withPlace(program.command('export'))
    .description('Write readings or the stock to a file: CSV or newline JSON by its name.')
    .requiredOption('--out <file>', 'FILE.csv or FILE.ndjson')
    .addOption(
      new Option('--what <what>', 'what is written')
        .choices(['readings', 'stock'])
        .default('readings'),
    )
    .option('--site <site>', 'readings: of this site (default: every site)')
    .option('--from <time>', 'readings: from this time on (RFC 3339 with an offset)')
    .option('--to <time>', 'readings: before this time')
    .addHelpText(
      'after',
      '\nExamples:\n  larder export --from 2026-11-22T00:00:00+08:00 --out readings.csv\n  larder export --what stock --out stock.ndjson',
    )
    .action(async (options: ExportOptions) => {
      const format = /\.(csv|ndjson)$/.exec(options.out)?.[1]
      if (format === undefined)
        throw new LarderError(
          'RT_REQUEST_INVALID',
          `"${options.out}" is neither .csv nor .ndjson: name the file so.`,
        )
      const rows = await withConnection(options, async (connection) => {
        const items =
          options.what === 'stock'
            ? eachItem<Row>(connection, '/v1/stock', { site: options.site, limit: 1000 })
            : readingsOf(connection, options)
        const lines = format === 'csv' ? csvLines(items) : jsonLines(items)
        let count = format === 'csv' ? -1 : 0
        const counted = async function* (): AsyncGenerator<string> {
          for await (const line of lines) {
            count++
            yield line
          }
        }
        await pipeline(Readable.from(counted()), createWriteStream(options.out))
        return Math.max(0, count)
      })
      await print(`${rows} rows written to ${options.out}.`)
    })
}

interface ExportOptions extends PlaceOptions {
  readonly out: string
  readonly what: 'readings' | 'stock'
  readonly site?: string
  readonly from?: string
  readonly to?: string
}
type Row = Readonly<Record<string, unknown>>

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

function requireFile(file: string): void {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true)
    throw new LarderError('RT_FILE_UNREADABLE', `There is no file ${file} that can be read.`)
}
