import { sql, type Kysely } from 'kysely'
import type { BinaryType, Tables } from './schema.ts'

/** `?`: may be null. */
type Column =
  'text' | 'text?' | 'time' | 'time?' | 'number' | 'number?' | 'whole' | 'whole?' | 'bytes'
type Table = readonly [key: readonly string[], columns: Readonly<Record<string, Column>>]

const tables: Readonly<Record<string, Table>> = {
  master: [
    ['kind', 'id'],
    {
      kind: 'text',
      id: 'text',
      site: 'text?',
      product: 'text?',
      device: 'text?',
      otherSite: 'text?',
      body: 'text',
    },
  ],
  devices: [
    ['id'],
    {
      id: 'text',
      site: 'text',
      device: 'text',
      kind: 'text?',
      zone: 'text?',
      status: 'text',
      connection: 'text',
      lastSeenAt: 'time?',
      firmware: 'text?',
      batteryPct: 'number?',
      registeredAt: 'time',
    },
  ],
  credentials: [
    ['username'],
    {
      username: 'text',
      kind: 'text',
      site: 'text?',
      device: 'text?',
      salt: 'text',
      hash: 'text',
      revoked: 'whole',
      publish: 'text',
      subscribe: 'text',
    },
  ],
  commands: [
    ['id'],
    {
      id: 'text',
      site: 'text',
      device: 'text',
      set: 'text',
      queuedAt: 'time',
      expiresAt: 'time',
      sentAt: 'time?',
      status: 'text',
    },
  ],
  stock: [
    ['id'],
    {
      id: 'text',
      site: 'text',
      product: 'text',
      onHand: 'number',
      reserved: 'number',
      incoming: 'number',
      inTransit: 'number',
      safety: 'number',
      asOf: 'time',
      source: 'text',
      outOfStockSince: 'time?',
    },
  ],
  movements: [
    ['id'],
    {
      id: 'text',
      site: 'text',
      product: 'text',
      units: 'number',
      isSet: 'whole',
      reason: 'text',
      at: 'time',
      reference: 'text?',
    },
  ],
  forecasts: [
    ['id'],
    {
      id: 'text',
      series: 'text',
      target: 'text',
      site: 'text',
      product: 'text?',
      device: 'text?',
      origin: 'time',
      body: 'text',
      numbers: 'bytes',
    },
  ],
  forecastHeads: [['series'], { series: 'text', forecast: 'text', origin: 'time' }],
  models: [
    ['version'],
    { version: 'text', target: 'text', trainedAt: 'time', serving: 'whole', body: 'text' },
  ],
  transfers: [
    ['id'],
    {
      id: 'text',
      fromSite: 'text',
      toSite: 'text',
      status: 'text',
      proposedAt: 'time',
      expiresAt: 'time',
      body: 'text',
    },
  ],
  slots: [
    ['id'],
    {
      id: 'text',
      site: 'text',
      startAt: 'time',
      endAt: 'time',
      lengthMinutes: 'number',
      staff: 'number',
      capacityMinutes: 'number',
      walkInReserveMinutes: 'number',
      carriedOverMinutes: 'number',
      usedMinutes: 'number',
      heldMinutes: 'number',
      status: 'text',
      mode: 'text',
      reasons: 'text',
    },
  ],
  leases: [
    ['leaseId'],
    {
      leaseId: 'text',
      slot: 'text',
      site: 'text',
      baskets: 'text',
      minutes: 'number',
      expiresAt: 'time',
      status: 'text',
    },
  ],
  bookings: [
    ['id'],
    {
      id: 'text',
      leaseId: 'text',
      slot: 'text',
      site: 'text',
      startAt: 'time',
      status: 'text',
      body: 'text',
    },
  ],
  releaseTasks: [
    ['id'],
    {
      id: 'text',
      site: 'text',
      product: 'text',
      pickUpAt: 'time',
      status: 'text',
      body: 'text',
    },
  ],
  alarms: [
    ['id'],
    {
      id: 'text',
      subject: 'text',
      kind: 'text',
      severity: 'text',
      site: 'text',
      device: 'text?',
      product: 'text?',
      raisedAt: 'time',
      clearedAt: 'time?',
      status: 'text',
      words: 'text',
    },
  ],
  deadLetters: [
    ['id'],
    {
      id: 'text',
      topic: 'text',
      payload: 'bytes',
      receivedAt: 'time',
      reason: 'text',
      words: 'text',
      replayedAt: 'time?',
      status: 'text',
    },
  ],
  changes: [
    ['number'],
    { number: 'time', resource: 'text', id: 'text', state: 'text', at: 'time' },
  ],
  applied: [['consumer', 'partition'], { consumer: 'text', partition: 'whole', position: 'time' }],
  idempotency: [
    ['key'],
    { key: 'text', requestHash: 'text', status: 'whole?', body: 'text?', at: 'time' },
  ],
}

const indexes: readonly (readonly [table: string, ...columns: string[]])[] = [
  ['master', 'kind', 'site', 'product'],
  ['devices', 'site', 'device'],
  ['credentials', 'site', 'device'],
  ['commands', 'site', 'device'],
  ['stock', 'site', 'product'],
  ['movements', 'reason', 'at'],
  ['forecasts', 'series', 'origin'],
  ['forecasts', 'origin', 'id'],
  ['forecastHeads', 'forecast'],
  ['transfers', 'proposedAt', 'id'],
  ['transfers', 'status', 'expiresAt'],
  ['slots', 'site', 'startAt'],
  ['leases', 'status', 'expiresAt'],
  ['leases', 'slot'],
  ['bookings', 'startAt', 'id'],
  ['bookings', 'leaseId'],
  ['releaseTasks', 'pickUpAt', 'id'],
  ['alarms', 'raisedAt', 'id'],
  ['alarms', 'subject', 'status'],
  ['deadLetters', 'receivedAt', 'id'],
]

/** The tables as first released: never edited, only followed by version 2. */
export async function createVersion1(db: Kysely<Tables>, binary: BinaryType): Promise<void> {
  const types = {
    // Ids are compared by their bytes, whatever language the database was made for.
    text: binary === 'bytea' ? sql`text collate "C"` : sql`text`,
    time: sql`bigint`,
    number: sql`double precision`,
    whole: sql`integer`,
    bytes: sql.raw(binary),
  }
  for (const [name, [key, columns]] of Object.entries(tables)) {
    let table = db.schema.createTable(name)
    for (const [column, spec] of Object.entries(columns)) {
      const type = types[spec.replace('?', '') as keyof typeof types]
      table = table.addColumn(column, type, (c) => (spec.endsWith('?') ? c : c.notNull()))
    }
    await table.addPrimaryKeyConstraint(`${name}Key`, [...key] as never).execute()
  }
  for (const [table, ...columns] of indexes) {
    await db.schema
      .createIndex(
        `${table}By${columns.map((name) => name[0]!.toUpperCase() + name.slice(1)).join('')}`,
      )
      .on(table)
      .columns([...columns])
      .execute()
  }
}
