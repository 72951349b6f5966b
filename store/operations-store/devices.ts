import type {
  ColdZone,
  Credential,
  CredentialView,
  Device,
  DeviceCommand,
  DeviceKind,
  DevicePath,
} from '../../domain/index.ts'
import type { Kysely } from 'kysely'
import { notFound, wrongState } from './errors.ts'
import { ensureSite } from './master-data.ts'
import type { DeviceSighting, Page } from './operations-store.ts'
import { readByKey, upsertInChunks, without } from './rows.ts'
import type { Tables } from './schema.ts'
import type { Session } from './session.ts'

type DeviceRow = Tables['devices']

export const deviceId = (site: string, device: string): string => `${site}.${device}`

export function deviceFromRow(row: DeviceRow): Device {
  return without(row, 'id') as Device
}

const newDevice = (site: string, device: string, at: number): DeviceRow => ({
  ...{ id: deviceId(site, device), site, device, kind: null, zone: null },
  ...{ status: 'unregistered', connection: 'unknown', lastSeenAt: null },
  ...{ firmware: null, batteryPct: null, registeredAt: at },
})

async function saveDevice(session: Session, row: DeviceRow, at: number): Promise<Device> {
  await upsertInChunks(session.db, 'devices', ['id'], [row])
  session.touch('devices', row.id, at)
  return deviceFromRow(row)
}

async function findDevice(
  session: Session,
  site: string,
  device: string,
): Promise<DeviceRow | undefined> {
  const id = deviceId(site, device)
  return (await readByKey(session.db, 'devices', 'id', [id])).get(id)
}

export async function registerDevice(
  session: Session,
  device: {
    readonly site: string
    readonly device: string
    readonly kind: DeviceKind
    readonly zone?: ColdZone | undefined
  },
  credential: Credential,
  at: number,
): Promise<Device> {
  await ensureSite(session, device.site, at)
  const found = await findDevice(session, device.site, device.device)
  await putCredential(session, credential)
  return saveDevice(
    session,
    {
      ...(found ?? newDevice(device.site, device.device, at)),
      kind: found?.kind ?? device.kind,
      zone: found?.zone ?? device.zone ?? null,
      status: 'registered',
    },
    at,
  )
}

export async function adoptDevice(
  session: Session,
  site: string,
  device: string,
  kind: DeviceKind,
  credential: Credential,
  at: number,
): Promise<Device> {
  const found = await findDevice(session, site, device)
  if (!found) throw notFound('device', `${site}/${device}`)
  if (found.status !== 'unregistered')
    throw wrongState('device', `${site}/${device}`, found.status, 'unregistered')
  await putCredential(session, credential)
  return saveDevice(session, { ...found, kind, status: 'registered', registeredAt: at }, at)
}

export async function revokeDevice(
  session: Session,
  site: string,
  device: string,
  at: number,
): Promise<void> {
  const found = await findDevice(session, site, device)
  if (!found) throw notFound('device', `${site}/${device}`)
  const username = `${site}/${device}`
  const { numUpdatedRows } = await session.db
    .updateTable('credentials')
    .set({ revoked: 1 })
    .where('username', '=', username)
    .executeTakeFirst()
  // One that came with a join credential has none of its own; without this it could come again.
  if (numUpdatedRows === 0n) await putCredential(session, noCredential(username, site, device))
  session.tell({ what: 'credential', username })
  await saveDevice(session, { ...found, status: 'revoked' }, at)
}

const noCredential = (username: string, site: string, device: string): Credential => ({
  ...{ username, kind: 'device', site, device, salt: '', hash: '', revoked: true },
  ...{ publish: [], subscribe: [], mappings: [] },
})

export async function putCredential(session: Session, credential: Credential): Promise<void> {
  await upsertInChunks(
    session.db,
    'credentials',
    ['username'],
    [
      {
        ...credential,
        revoked: credential.revoked ? 1 : 0,
        publish: JSON.stringify(credential.publish),
        subscribe: JSON.stringify(credential.subscribe),
        mappings: JSON.stringify(credential.mappings),
      },
    ],
  )
  session.tell({ what: 'credential', username: credential.username })
}

export async function revokeCredential(session: Session, username: string): Promise<void> {
  const { numUpdatedRows } = await session.db
    .updateTable('credentials')
    .set({ revoked: 1 })
    .where('username', '=', username)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) throw notFound('credential', username)
  session.tell({ what: 'credential', username })
}

/** Those of no single device, by username. */
export async function listCredentials(
  db: Kysely<Tables>,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<Page<CredentialView>> {
  const rows = await db
    .selectFrom('credentials')
    .selectAll()
    .where('device', 'is', null)
    .$if(cursor !== undefined, (query) => query.where('username', '>', cursor!))
    .orderBy('username')
    .limit(limit + 1)
    .execute()
  const page = rows.slice(0, limit)
  return {
    items: page.map((row) => without(without(credentialFromRow(row), 'salt'), 'hash')),
    next: rows.length > limit ? page.at(-1)!.username : null,
  }
}

export async function unregisteredDevices(
  db: Kysely<Tables>,
  site: string,
): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('devices')
    .select('device')
    .where('site', '=', site)
    .where('status', '=', 'unregistered')
    .execute()
  return rows.map(({ device }) => device)
}

export async function readCredential(
  db: Kysely<Tables>,
  username: string,
): Promise<Credential | null> {
  const row = (await readByKey(db, 'credentials', 'username', [username])).get(username)
  return row ? credentialFromRow(row) : null
}

function credentialFromRow(row: Tables['credentials']): Credential {
  return {
    ...(row as Omit<typeof row, 'kind'> & { kind: Credential['kind'] }),
    revoked: row.revoked === 1,
    publish: JSON.parse(row.publish) as string[],
    subscribe: JSON.parse(row.subscribe) as string[],
    mappings: JSON.parse(row.mappings) as Credential['mappings'],
  }
}

/** What was heard of devices. The outbox tells of state, firmware and whole per cents of battery, not of every message. */
export async function applySightings(
  session: Session,
  sightings: readonly DeviceSighting[],
): Promise<void> {
  const ids = sightings.map(({ site, device }) => deviceId(site, device))
  const rows = await readByKey(session.db, 'devices', 'id', ids)
  const changed = new Set<string>()
  for (const sighting of sightings) {
    const { site, device, at } = sighting
    const id = deviceId(site, device)
    const found = rows.get(id)
    const row = found ?? newDevice(site, device, at)
    const battery = sighting.batteryPct
    const isBatteryNews =
      battery !== undefined && (row.batteryPct === null || Math.abs(row.batteryPct - battery) >= 1)
    const next: DeviceRow = {
      ...row,
      lastSeenAt: Math.max(row.lastSeenAt ?? at, at),
      connection: sighting.connection ?? row.connection,
      firmware: sighting.firmware ?? row.firmware,
      batteryPct: isBatteryNews ? battery : row.batteryPct,
    }
    const isNews =
      !found ||
      isBatteryNews ||
      next.connection !== row.connection ||
      next.firmware !== row.firmware
    if (isNews) session.touch('devices', id, at)
    rows.set(id, next)
    changed.add(id)
  }
  await upsertInChunks(
    session.db,
    'devices',
    ['id'],
    [...changed].map((id) => rows.get(id)!),
  )
}

export async function queueCommand(session: Session, command: DeviceCommand): Promise<void> {
  await session.db
    .insertInto('commands')
    .values({ ...command, set: JSON.stringify(command.set) })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute()
  session.tell({ what: 'command', site: command.site, device: command.device })
}

export async function pendingCommands(
  db: Kysely<Tables>,
  site: string,
  device: string,
  now: number,
): Promise<readonly DeviceCommand[]> {
  const rows = await db
    .selectFrom('commands')
    .selectAll()
    .where('site', '=', site)
    .where('device', '=', device)
    .where('status', 'in', ['queued', 'sent'])
    .where('expiresAt', '>', now)
    .orderBy('queuedAt')
    .orderBy('id')
    .execute()
  return rows.map((row) => ({
    ...(row as Omit<typeof row, 'status'> & { status: DeviceCommand['status'] }),
    set: JSON.parse(row.set) as DeviceCommand['set'],
  }))
}

export async function markCommandSent(session: Session, id: string, at: number): Promise<void> {
  await session.db
    .updateTable('commands')
    .set({ status: 'sent', sentAt: at })
    .where('id', '=', id)
    .where('status', 'in', ['queued', 'sent'])
    .execute()
}

export async function applyCommandResults(
  session: Session,
  results: readonly {
    readonly id: string
    readonly site: string
    readonly device: string
    readonly ok: boolean
  }[],
): Promise<void> {
  for (const { id, site, device, ok } of results) {
    await session.db
      .updateTable('commands')
      .set({ status: ok ? 'done' : 'failed' })
      .where('id', '=', id)
      .where('site', '=', site)
      .where('device', '=', device)
      // An answer that comes again, or a second one, changes nothing.
      .where('status', 'in', ['queued', 'sent'])
      .execute()
  }
}

export async function devicesWithCommands(
  db: Kysely<Tables>,
  now: number,
): Promise<readonly DevicePath[]> {
  return db
    .selectFrom('commands')
    .select(['site', 'device'])
    .distinct()
    .where('status', 'in', ['queued', 'sent'])
    .where('expiresAt', '>', now)
    .execute()
}
