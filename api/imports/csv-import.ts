import { Transform, type Readable } from 'node:stream'
import { parse, type CsvError } from 'csv-parse'
import { errorMessage, LarderError, masterKinds } from '../../domain/index.ts'
import type { ApiContext } from '../context.ts'
import { context as contextKind } from './context-kind.ts'
import type { ImportKind, Known, Lined, LineProblem, Row } from './import-kind.ts'
import { masterImport, stock } from './master-kinds.ts'
import { footfall, sales, temperatures } from './series-kinds.ts'

export interface ImportResult {
  readonly kind: string
  readonly accepted: number
  readonly rejected: number
  readonly problems: readonly LineProblem[]
}

const batchRows = 1_000
const mostProblems = 20
const longestRecordBytes = 64 * 1024

/** Kinds whose header holds another's come first: sales have all columns of stock. */
const kinds = [
  ...masterKinds.map((kind) => masterImport(kind)),
  contextKind,
  sales,
  temperatures,
  footfall,
  stock,
] as readonly ImportKind<unknown>[]
export const importKinds: readonly string[] = kinds.map(({ name }) => name)

/** Reads CSV as it comes, a batch at a time, while the batch before is written: a file of any length takes the memory of two. */
export async function importCsv(
  body: Readable,
  options: { readonly kind: string | undefined; readonly mostBytes: number },
  context: ApiContext,
): Promise<ImportResult> {
  const problems: LineProblem[] = []
  let rejected = 0
  let accepted = 0
  const reject = (problem: LineProblem): void => {
    rejected++
    if (problems.length < mostProblems) problems.push(problem)
  }

  // Before the parser runs: a header at fault is an error of it, which nobody would hear while this is awaited.
  const known = await whatIsKnown(context)
  let kind: ImportKind<unknown> | null = null
  const parser = parse({
    bom: true,
    trim: true,
    info: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: longestRecordBytes,
    columns: (header: string[]) => {
      kind = kindOf(header, options.kind)
      return header
    },
    on_skip: (error) => {
      reject({ line: lineOf(error), words: error?.message ?? 'cannot be read' })
      return undefined
    },
  })
  const limited = limitBytes(options.mostBytes)
  const abort = (error: Error): void => void parser.destroy(error)
  body.on('error', abort)
  limited.on('error', abort)
  body.pipe(limited).pipe(parser)

  let batch: Lined<unknown>[] = []
  let writing = Promise.resolve()
  const write = async (rows: readonly Lined<unknown>[]): Promise<void> => {
    const failed = kind === null || rows.length === 0 ? [] : await kind.write(rows, context)
    accepted += rows.length - failed.length
    failed.forEach(reject)
  }
  const flush = async (): Promise<void> => {
    await writing
    writing = write(batch)
    // Whoever awaits it next hears of a failure; until then it is not unhandled.
    writing.catch(() => undefined)
    batch = []
  }

  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: Record<string, string>
      info: { lines: number }
    }>) {
      const line = info.lines
      try {
        batch.push({ line, item: kindRead(kind, withoutEmpty(record), known) })
      } catch (error) {
        if (!(error instanceof LarderError)) throw error
        reject({ line, words: errorMessage(error) })
      }
      if (batch.length >= batchRows) await flush()
    }
    await flush()
    await writing
  } catch (error) {
    // What is still on its way is read and dropped, so that the answer reaches the client.
    body.unpipe(limited)
    body.resume()
    await writing.catch(() => undefined)
    throw asInvalid(error)
  }
  const name = nameOf(kind)
  if (name === null)
    throw new LarderError(
      'RT_REQUEST_INVALID',
      'The file is empty: its first line names the columns.',
    )
  return { kind: name, accepted, rejected, problems: problems.sort((a, b) => a.line - b.line) }
}

// The parser sets `kind` in a callback, which the compiler's narrowing does not see.
const kindRead = (kind: ImportKind<unknown> | null, row: Row, known: Known): unknown =>
  kind?.read(row, known)
const nameOf = (kind: ImportKind<unknown> | null): string | null => kind?.name ?? null

function kindOf(header: readonly string[], wanted: string | undefined): ImportKind<unknown> {
  const found = kinds.find(
    ({ name, required }) =>
      (wanted === undefined || wanted === name) &&
      required.every((column) => header.includes(column)),
  )
  if (!found) {
    const separator = /[;\t]/.exec(header.length === 1 ? (header[0] ?? '') : '')?.[0]
    if (separator !== undefined)
      throw new LarderError(
        'RT_REQUEST_INVALID',
        `The columns are separated by ${separator === ';' ? 'semicolons' : 'tabs'}: separate them by commas, and write fractions with a point.`,
      )
    const forms = kinds
      .filter(({ name }) => wanted === undefined || wanted === name)
      .map(({ name, required }) => `${name}: ${required.join(',')}`)
    throw new LarderError(
      'RT_REQUEST_INVALID',
      `The columns ${printable(header.join(',')).slice(0, 300)} are of no kind of import. Allowed are ${forms.join(' | ')}.`,
    )
  }
  const unknown = header.filter(
    (column) => ![...found.required, ...found.optional].includes(column),
  )
  if (unknown.length > 0 || new Set(header).size < header.length)
    throw new LarderError(
      'RT_REQUEST_INVALID',
      unknown.length > 0
        ? `Columns not known for ${found.name}: ${printable(unknown.join(', ')).slice(0, 300)}. Also allowed: ${found.optional.join(', ') || 'none'}.`
        : 'A column stands in the header twice.',
    )
  return found
}

/** A file that is no text must not speak to the terminal it is shown on. */
const printable = (text: string): string => text.replaceAll(/[\p{C}\uFFFD]+/gu, '?')

async function whatIsKnown({ operations, clock }: ApiContext): Promise<Known> {
  const [sites, products] = await Promise.all([operations.all('sites'), operations.all('products')])
  return {
    sites: new Map(sites.map((site) => [site.id, site])),
    products: new Map(products.map((product) => [product.id, product])),
    now: clock.now(),
    hours: new Map(),
  }
}

function withoutEmpty(record: Readonly<Record<string, string>>): Row {
  const row: Record<string, string> = {}
  for (const column in record) if (record[column] !== '') row[column] = record[column]!
  return row
}

function lineOf(error: CsvError | undefined): number {
  const line = (error as { lines?: unknown } | undefined)?.lines
  return typeof line === 'number' ? line : 0
}

function limitBytes(mostBytes: number): Transform {
  let bytes = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      if (bytes <= mostBytes) done(null, chunk)
      else
        done(
          new LarderError(
            'RT_TOO_LARGE',
            `An import may have ${Math.round(mostBytes / 1024 / 1024)} MB. Split the file, or raise the setting api.bodyLimitMegabytes.`,
          ),
        )
    },
  })
}

function asInvalid(error: unknown): unknown {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' && code.startsWith('CSV_')
    ? new LarderError('RT_REQUEST_INVALID', `The file is not CSV: ${errorMessage(error)}`, {
        cause: error,
      })
    : error
}
