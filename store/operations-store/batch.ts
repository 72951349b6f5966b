import { raiseAlarms } from './alarms.ts'
import { advance } from './applied.ts'
import { saveBirths } from './births.ts'
import { applyCommandResults, queueCommand } from './commands.ts'
import { saveDeadLetters } from './dead-letters.ts'
import { applySightings } from './devices.ts'
import type { OperationsBatch } from './operations-store.ts'
import type { Session } from './session.ts'
import { observeStock } from './stock.ts'

export async function applyBatch(session: Session, batch: OperationsBatch): Promise<void> {
  if (!(await advance(session.db, batch.applied))) return
  await applySightings(session, batch.sightings)
  await observeStock(session, batch.stock)
  await saveDeadLetters(session, batch.deadLetters)
  await raiseAlarms(session, batch.alarms)
  for (const command of batch.commands ?? []) await queueCommand(session, command)
  await saveBirths(session, batch.births ?? [])
  await applyCommandResults(session, batch.commandResults)
}
