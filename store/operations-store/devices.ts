import type { ColdZone, Credential, Device, DeviceKind } from '../../domain/index.ts'
import type { Kysely } from 'kysely'
import { putCredential } from './credentials.ts'
import { notFound, wrongState } from './errors.ts'
import { ensureSite } from './master-data.ts'
import type { DeviceSighting } from './operations-batch.ts'
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
