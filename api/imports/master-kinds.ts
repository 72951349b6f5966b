import type { TSchema } from 'typebox'
import {
  errorMessage,
  LarderError,
  type MasterKind,
  type StockMovement,
} from '../../domain/index.ts'
import { masterSchemas } from '../../domain/master-data.ts'
import type { MasterInput } from '../../store/index.ts'
import type { ApiContext } from '../context.ts'
import { numberCell, productCell, siteCell } from './cells.ts'
import type { ImportKind, Lined, LineProblem, Row } from './import-kind.ts'
import { checkMasterData } from './master-data-laws.ts'

/** Columns carry the schema's field names; a nested object is JSON in a cell or dotted columns; lists are split at | or ;. */
export function masterImport<K extends MasterKind>(kind: K): ImportKind<MasterInput<K>> {
  const schema = masterSchemas[kind] as unknown as {
    readonly properties: Readonly<Record<string, TSchema>>
    readonly required?: readonly string[]
  }
  const columns = columnsOf(schema.properties)
  const required = schema.required ?? []
  return {
    name: kind,
    required,
    optional: [...columns.keys()].filter((column) => !required.includes(column)),
    read(row) {
      const item = itemOf(row, columns)
      const problems = checkMasterData(kind, item)
      if (problems.length > 0) throw new LarderError('RT_REQUEST_INVALID', problems.join('; '))
      return item as MasterInput<K>
    },
    async write(rows, context) {
      const problems = await putAll(kind, rows, context)
      if (kind === 'sites') context.zones.forget()
      return problems
    },
  }
}

/** All at once; where that is refused, one by one, to find the rows at fault. */
async function putAll<K extends MasterKind>(
  kind: K,
  rows: readonly Lined<MasterInput<K>>[],
  { operations, clock }: ApiContext,
): Promise<readonly LineProblem[]> {
  const put = (some: readonly Lined<MasterInput<K>>[]) =>
    operations.putMasterData(
      kind,
      some.map(({ item }) => item),
      clock.now(),
    )
  try {
    await put(rows)
    return []
  } catch (error) {
    if (!isInvalid(error)) throw error
  }
  const problems: LineProblem[] = []
  for (const row of rows) {
    try {
      await put([row])
    } catch (error) {
      if (!isInvalid(error)) throw error
      problems.push({ line: row.line, words: errorMessage(error) })
    }
  }
  return problems
}

const isInvalid = (error: unknown): boolean =>
  error instanceof LarderError && error.status < 500 && !error.retryable

function columnsOf(
  properties: Readonly<Record<string, TSchema>>,
  prefix = '',
): ReadonlyMap<string, TSchema> {
  const columns = new Map<string, TSchema>()
  for (const [name, schema] of Object.entries(properties)) {
    columns.set(prefix + name, schema)
    const nested = (schema as { properties?: Record<string, TSchema> }).properties
    if (nested)
      for (const [column, child] of columnsOf(nested, `${prefix}${name}.`))
        columns.set(column, child)
  }
  return columns
}

function itemOf(row: Row, columns: ReadonlyMap<string, TSchema>): object {
  const item: Record<string, unknown> = {}
  for (const [column, text] of Object.entries(row)) {
    const schema = columns.get(column)
    if (!schema) continue
    const [outer = column, inner] = column.split('.')
    if (inner === undefined) item[outer] = valueOf(text, schema)
    else item[outer] = { ...(item[outer] as object | undefined), [inner]: valueOf(text, schema) }
  }
  return item
}

function valueOf(text: string, schema: TSchema): unknown {
  const type = (schema as { type?: string }).type
  if (type === 'number' || type === 'integer') {
    const value = Number(text)
    return Number.isFinite(value) ? value : text
  }
  if (type === 'array' && !text.startsWith('[')) return text.split(/[|;]/).map((one) => one.trim())
  if (type === 'array' || type === 'object') {
    try {
      return JSON.parse(text) as unknown
    } catch {
      return text
    }
  }
  return text
}

/** What was counted: it makes the position what it says, whatever it was. */
export const stock: ImportKind<Omit<StockMovement, 'id'>> = {
  name: 'stock',
  required: ['site', 'product', 'units'],
  optional: [],
  read: (row, known) => ({
    site: siteCell(row, known).id,
    product: productCell(row, known).id,
    units: numberCell(row, 'units', { least: 0, most: 1e9 }),
    set: true,
    reason: 'count',
    at: known.now,
    reference: 'import',
  }),
  async write(rows, { operations }) {
    await operations.moveStock(
      rows.map(({ line, item }) => ({
        ...item,
        id: `import.${item.at}.${line}.${item.site}.${item.product}`,
      })),
    )
    return []
  },
}
