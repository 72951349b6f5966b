import { raiseAlarms } from './alarms.ts'
import { advance } from './applied.ts'
import { saveBirths } from './births.ts'
import { saveContext } from './context.ts'
import { applyCommandResults, queueCommand } from './commands.ts'
import { closeDeadLetter, saveDeadLetters } from './dead-letters.ts'
import { applySightings } from './devices.ts'
import type { OperationsBatch, OperationsEffects } from './operations-batch.ts'
import type { Session } from './session.ts'
import { observeStock } from './stock.ts'

export async function applyBatch(session: Session, batch: OperationsBatch): Promise<void> {
  if (await advance(session.db, batch.applied)) await applyEffects(session, batch)
}

/** The letter is closed and what it says is applied, or neither. */
export async function replayDeadLetter(
  session: Session,
  id: string,
  at: number,
  effects: OperationsEffects,
): Promise<boolean> {
  const isOpen = await closeDeadLetter(session, id, at)
  if (isOpen) await applyEffects(session, effects)
  return isOpen
}

async function applyEffects(session: Session, effects: OperationsEffects): Promise<void> {
  await applySightings(session, effects.sightings)
  await observeStock(session, effects.stock)
  await saveDeadLetters(session, effects.deadLetters)
  await raiseAlarms(session, effects.alarms)
  for (const command of effects.commands ?? []) await queueCommand(session, command)
  await saveBirths(session, effects.births ?? [])
  await saveContext(session, effects.context ?? [])
  await applyCommandResults(session, effects.commandResults)
}
