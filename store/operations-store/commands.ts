import type { Kysely } from 'kysely'
import type { DeviceCommand, DevicePath } from '../../domain/index.ts'
import type { Tables } from './schema.ts'
import type { Session } from './session.ts'

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
