import { sql, type Kysely, type RawBuilder } from 'kysely'
import { LarderError, masterKinds, type ForecastTarget } from '../../domain/index.ts'
import { alarmFromRow } from './alarms.ts'
import { bookingFromRow } from './bookings.ts'
import { contextFromRow } from './context.ts'
import { deadLetterFromRow } from './dead-letters.ts'
import { deviceFromRow } from './devices.ts'
import { forecastFromRow } from './forecasts.ts'
import { modelFromRow } from './models.ts'
import type { Page, ResourceFilter, Resources } from './operations-store.ts'
import type { Tables } from './schema.ts'
import { slotFromRow } from './slots.ts'
import { stockFromRow } from './stock.ts'

type Filtered = 'site' | 'product' | 'device' | 'status' | 'type'

/** How a kind of resource is kept: which columns the filters mean (any of them may match) and by what it is sorted. */
interface Listing {
  readonly table: keyof Tables
  readonly id: string
  /** What `from` and `to` mean. */
  readonly time: string | null
  readonly order: 'id' | 'earliest' | 'newest'
  readonly columns: Readonly<Partial<Record<Filtered, readonly string[]>>>
  readonly fromRow: (row: never) => unknown
}

const fromBody = (row: { readonly body: string }): unknown => JSON.parse(row.body)
const own = (...names: readonly Filtered[]): Listing['columns'] =>
  Object.fromEntries(names.map((name) => [name, [name]]))

const master: Listing = {
  table: 'master',
  id: 'id',
  time: null,
  order: 'id',
  columns: own('site', 'product', 'device'),
  fromRow: fromBody,
}

const listings: Readonly<Record<keyof Resources, Listing>> = {
  sites: { ...master, columns: {} },
  products: { ...master, columns: {} },
  planograms: master,
  staff: master,
  lanes: { ...master, columns: { site: ['site', 'otherSite'] } },
  devices: {
    table: 'devices',
    id: 'id',
    time: null,
    order: 'id',
    columns: own('site', 'device', 'status'),
    fromRow: deviceFromRow,
  },
  stock: {
    table: 'stock',
    id: 'id',
    time: 'asOf',
    order: 'id',
    columns: own('site', 'product'),
    fromRow: stockFromRow,
  },
  forecasts: {
    table: 'forecasts',
    id: 'id',
    time: 'origin',
    order: 'newest',
    columns: { ...own('site', 'product', 'device'), type: ['target'] },
    fromRow: forecastFromRow,
  },
  transfers: {
    table: 'transfers',
    id: 'id',
    time: 'proposedAt',
    order: 'newest',
    columns: { site: ['fromSite', 'toSite'], status: ['status'] },
    fromRow: fromBody,
  },
  slots: {
    table: 'slots',
    id: 'id',
    time: 'startAt',
    order: 'earliest',
    columns: own('site', 'status'),
    fromRow: slotFromRow,
  },
  bookings: {
    table: 'bookings',
    id: 'id',
    time: 'startAt',
    order: 'earliest',
    columns: own('site', 'status'),
    fromRow: bookingFromRow,
  },
  'release-tasks': {
    table: 'releaseTasks',
    id: 'id',
    time: 'pickUpAt',
    order: 'earliest',
    columns: own('site', 'product', 'status'),
    fromRow: fromBody,
  },
  alarms: {
    table: 'alarms',
    id: 'id',
    time: 'raisedAt',
    order: 'newest',
    columns: { ...own('site', 'product', 'device', 'status'), type: ['kind'] },
    fromRow: alarmFromRow,
  },
  'dead-letters': {
    table: 'deadLetters',
    id: 'id',
    time: 'receivedAt',
    order: 'newest',
    columns: { status: ['status'], type: ['reason'] },
    fromRow: deadLetterFromRow,
  },
  models: {
    table: 'models',
    id: 'version',
    time: 'trainedAt',
    order: 'newest',
    columns: { type: ['target'] },
    fromRow: modelFromRow,
  },
  context: {
    table: 'context',
    id: 'id',
    time: 'startAt',
    order: 'earliest',
    columns: { ...own('site', 'product', 'status'), type: ['signal'] },
    fromRow: contextFromRow,
  },
}

const isMaster = (kind: string): boolean => masterKinds.some((one) => one === kind)

function conditionsOf(kind: keyof Resources): RawBuilder<unknown>[] {
  return isMaster(kind) ? [sql`${sql.ref('kind')} = ${kind}`] : []
}

async function select(
  db: Kysely<Tables>,
  listing: Listing,
  conditions: readonly RawBuilder<unknown>[],
  tail: RawBuilder<unknown>,
): Promise<readonly Record<string, unknown>[]> {
  const where =
    conditions.length === 0 ? sql`` : sql` where ${sql.join([...conditions], sql` and `)}`
  const { rows } = await sql<
    Record<string, unknown>
  >`select * from ${sql.table(listing.table)}${where}${tail}`.execute(db)
  return rows
}

export async function getResource<K extends keyof Resources>(
  db: Kysely<Tables>,
  kind: K,
  id: string,
): Promise<Resources[K] | null> {
  const listing = listings[kind]
  const conditions = [...conditionsOf(kind), sql`${sql.ref(listing.id)} = ${id}`]
  const [row] = await select(db, listing, conditions, sql``)
  return row === undefined ? null : (listing.fromRow(row as never) as Resources[K])
}

export async function allResources<K extends keyof Resources>(
  db: Kysely<Tables>,
  kind: K,
): Promise<readonly Resources[K][]> {
  const listing = listings[kind]
  const order = sql` order by ${sql.ref(listing.id)}`
  const rows = await select(db, listing, conditionsOf(kind), order)
  return rows.map((row) => listing.fromRow(row as never) as Resources[K])
}

export async function listResources<K extends keyof Resources>(
  db: Kysely<Tables>,
  kind: K,
  filter: ResourceFilter,
): Promise<Page<Resources[K]>> {
  const listing = listings[kind]
  const limit = Math.max(1, Math.floor(filter.limit))
  const sorts = listing.order === 'id' || listing.time === null ? [] : [listing.time]
  const keys = [...sorts, listing.id].map((name) => sql.ref(name))
  const [direction, beyond] = listing.order === 'newest' ? [sql`desc`, sql`<`] : [sql`asc`, sql`>`]

  const conditions = [...conditionsOf(kind), ...filterConditions(listing, filter)]
  if (kind === 'forecasts') conditions.push(...forecastConditions(filter))
  if (filter.cursor !== undefined) {
    const after = readCursor(filter.cursor, keys.length)
    conditions.push(sql`(${sql.join(keys)}) ${beyond} (${sql.join([...after])})`)
  }
  const order = sql` order by ${sql.join(keys.map((key) => sql`${key} ${direction}`))}`
  const rows = await select(db, listing, conditions, sql`${order} limit ${limit + 1}`)
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return {
    items: page.map((row) => listing.fromRow(row as never) as Resources[K]),
    next:
      rows.length > limit && last !== undefined
        ? writeCursor([...sorts, listing.id].map((name) => last[name]))
        : null,
  }
}

/**
 * One series is found by its name, and the newest of a site by the heads: both have an index. By their other columns, forecasts
 * are only walked through from the newest on, tens of thousands of them for one.
 */
function forecastConditions(filter: ResourceFilter): readonly RawBuilder<unknown>[] {
  const { site, type } = filter
  const thing = filter.product ?? filter.device
  const series = sql.ref('series')
  const targets = type === undefined ? forecastTargets : [type]
  const ofSite =
    site === undefined
      ? null
      : targets.map((target) =>
          thing === undefined
            ? sql`(${series} >= ${`${target}.${site}.`} and ${series} < ${`${target}.${site}/`})`
            : sql`${series} = ${`${target}.${site}.${thing}`}`,
        )
  const named = ofSite ? sql`(${sql.join(ofSite, sql` or `)})` : null
  if (filter.latest !== true) return named && thing !== undefined ? [named] : []
  const newest = sql`select ${sql.ref('forecast')} from ${sql.table('forecastHeads')}`
  return [sql`${sql.ref('id')} in (${newest}${named ? sql` where ${named}` : sql``})`]
}

/** "/" follows "." in the order of the series' names. */
const forecastTargets: readonly ForecastTarget[] = ['demand', 'footfall', 'temperature']

function filterConditions(
  listing: Listing,
  filter: ResourceFilter,
): readonly RawBuilder<unknown>[] {
  const wanted: readonly (readonly [Filtered, string | undefined])[] = [
    ['site', filter.site],
    ['product', filter.product],
    ['device', filter.device],
    ['status', filter.status],
    ['type', filter.type],
  ]
  const conditions = wanted.flatMap(([name, value]) => {
    const columns = listing.columns[name]
    if (value === undefined || columns === undefined) return []
    const either = columns.map((column) => sql`${sql.ref(column)} = ${value}`)
    return [sql`(${sql.join(either, sql` or `)})`]
  })
  if (listing.time !== null) {
    const time = sql.ref(listing.time)
    if (filter.from !== undefined) conditions.push(sql`${time} >= ${filter.from}`)
    if (filter.to !== undefined) conditions.push(sql`${time} < ${filter.to}`)
  }
  return conditions
}

function writeCursor(values: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url')
}

function readCursor(cursor: string, length: number): readonly (string | number)[] {
  try {
    const values: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    const fits =
      Array.isArray(values) &&
      values.length === length &&
      values.every((value, index) =>
        index < length - 1 ? Number.isFinite(value) : typeof value === 'string',
      )
    if (fits) return values as (string | number)[]
  } catch {
    // Falls through to the error for the person who sent it.
  }
  throw new LarderError(
    'RT_REQUEST_INVALID',
    'The cursor is not one of this list: use the "next" of the page before, or leave it out to start again.',
  )
}
