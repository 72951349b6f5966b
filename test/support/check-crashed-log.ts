import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Position } from '../../domain/index.ts'
import { openSqliteMessageLog, type MessageLog } from '../../message-log/index.ts'
import { wallClock } from '../../runtime/index.ts'
import { writeImage, type DiskImage } from './crash-disk.ts'
import type { FileCall } from './fault-journal.ts'
import { faultMessage, idOf, type RunMark } from './fault-messages.ts'

/** What a run had sent, been told is kept, and let go, up to one of its calls. */
export interface Known {
  readonly sent: Set<number>
  /** Id by position. */
  readonly acknowledged: Map<Position, number>
  prunedThrough: Position
}

export const createKnown = (): Known => ({
  sent: new Set(),
  acknowledged: new Map(),
  prunedThrough: 0,
})

export function learn(known: Known, call: FileCall): void {
  if (call.kind !== 'mark') return
  const mark = call.value as RunMark
  if ('sent' in mark) for (const id of mark.sent) known.sent.add(id)
  else if ('pruning' in mark) known.prunedThrough = mark.pruning
  else
    for (const [index, id] of mark.acknowledged.entries())
      known.acknowledged.set(mark.positions[index]!, id)
}

const openWithinMs = 2000

/** Opens what a crash left with the real log and says what is wrong with it; nothing where all is well. */
export async function findFaults(
  folder: string,
  image: DiskImage,
  known: Known,
): Promise<readonly string[]> {
  rmSync(folder, { recursive: true, force: true })
  writeImage(folder, image)
  mkdirSync(join(folder, 'data'), { recursive: true })
  const faults: string[] = []
  const startedAt = performance.now()
  let log: MessageLog
  try {
    log = openSqliteMessageLog({
      file: join(folder, 'data', 'log.db'),
      wall: wallClock,
      notice: (words) => faults.push(words),
    })
  } catch (error) {
    return [`it did not open: ${String(error)}`]
  }
  const openMs = performance.now() - startedAt
  if (openMs > openWithinMs) faults.push(`it opened after ${Math.round(openMs)} ms`)
  try {
    const { found, end, holes } = await readAll(log)
    faults.push(...holes, ...compare(found, known))
    const [position] = await log.append([faultMessage(0)])
    if (position !== end + 1) faults.push(`the next message got position ${position} after ${end}`)
  } catch (error) {
    faults.push(`it could not be read or appended to: ${String(error)}`)
  } finally {
    await log.close()
  }
  return faults
}

function compare(found: ReadonlyMap<Position, number | null>, known: Known): string[] {
  const faults: string[] = []
  for (const [position, id] of known.acknowledged)
    if (position > known.prunedThrough && !found.has(position))
      faults.push(`message ${id} at ${position} was acknowledged and is lost`)
  const seen = new Set<number>()
  for (const [position, id] of found) {
    const acknowledged = known.acknowledged.get(position)
    if (id === null || !known.sent.has(id)) faults.push(`position ${position} was never sent`)
    else if (acknowledged !== undefined && acknowledged !== id)
      faults.push(`position ${position} holds message ${id}, acknowledged was ${acknowledged}`)
    else if (seen.has(id)) faults.push(`message ${id} is there twice`)
    if (id !== null) seen.add(id)
  }
  return faults
}

async function readAll(log: MessageLog) {
  const found = new Map<Position, number | null>()
  const holes: string[] = []
  const end = (await log.stats()).ends.get(0)!
  const abort = new AbortController()
  if (end === 0) abort.abort()
  for await (const batch of log.consume('check', { signal: abort.signal })) {
    for (const message of batch.messages) found.set(message.position, idOf(message))
    for (const { words } of batch.holes) holes.push(words)
    if (batch.position >= end) abort.abort()
  }
  return { found, end, holes }
}
