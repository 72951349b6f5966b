import type { Alarm } from '../../domain/index.ts'
import type { AlarmEvent } from './operations-batch.ts'
import { upsertInChunks, without } from './rows.ts'
import type { Tables } from './schema.ts'
import type { Session } from './session.ts'

type AlarmRow = Tables['alarms']

export function alarmFromRow(row: AlarmRow): Alarm {
  return without(row, 'subject', 'status') as Alarm
}

const subjectOf = ({ kind, site, device, product }: AlarmEvent): string =>
  `${kind}.${site}.${[device, product].filter((part) => part !== null).join('.') || '-'}`

export async function raiseAlarms(session: Session, events: readonly AlarmEvent[]): Promise<void> {
  for (const event of events) {
    const subject = subjectOf(event)
    const open = await session.db
      .selectFrom('alarms')
      .selectAll()
      .where('subject', '=', subject)
      .where('status', '=', 'open')
      .executeTakeFirst()
    const next = event.raised ? raise(event, subject, open) : clear(event, open)
    if (!next) continue
    await upsertInChunks(session.db, 'alarms', ['id'], [next])
    session.touch('alarms', next.id, event.at)
  }
}

/** An alarm already open stays the same one, with the newest words. */
function raise(event: AlarmEvent, subject: string, open: AlarmRow | undefined): AlarmRow | null {
  const { kind, severity, site, device, product, words, at } = event
  if (!open) {
    return {
      ...{ id: `${subject}.${at}`, subject, kind, severity, site, device, product, words },
      ...{ raisedAt: at, clearedAt: null, status: 'open' },
    }
  }
  if (open.severity === severity && open.words === words) return null
  return { ...open, severity, words }
}

function clear(event: AlarmEvent, open: AlarmRow | undefined): AlarmRow | null {
  if (!open) return null
  return { ...open, clearedAt: Math.max(event.at, open.raisedAt), status: 'cleared' }
}
