import type { Position } from '../domain/index.ts'
import type { BatchLimits } from './batch-store.ts'
import type { Connection } from './log-database.ts'

/** What one transaction frees at most: appends wait for it. */
const pieceRows = 10_000
const pieceBytes = 64 * 1024 * 1024

interface Row {
  readonly first: Position
  readonly count: number
  readonly bytes: number
  readonly newest: number
}

/** Drops the oldest batches that are past their time or beyond the size, a piece at a time. */
export function pruneBatches(
  connection: Connection,
  limits: BatchLimits & { readonly end: Position },
): { readonly through: Position; readonly isDone: boolean } {
  const bytesToFree = usedBytes(connection) - limits.maxBytes
  const rows = connection.prepare<[], Row>(
    'SELECT first, count, bytes, newest_received_at AS newest FROM batch ORDER BY first',
  )
  let through = 0
  let freed = 0
  let dropped = 0
  let isDone = true
  for (const { first, count, bytes, newest } of rows.iterate()) {
    const last = first + count - 1
    const isKept = last > limits.passed || last >= limits.end
    const isOld = newest < limits.before || last <= limits.through
    if (isKept || (!isOld && freed >= bytesToFree)) break
    if (dropped >= pieceRows || freed >= pieceBytes) {
      isDone = false
      break
    }
    through = last
    freed += bytes
    dropped++
  }
  if (through > 0) {
    connection.transaction(() => {
      connection.prepare('DELETE FROM batch WHERE first <= ?').run(through)
      connection.prepare('DELETE FROM hole WHERE last <= ?').run(through)
      connection.prepare('UPDATE pruned SET through = ?').run(through)
    })()
  }
  return { through, isDone }
}

/** Bytes of the file that hold something; freed pages are used again before it grows. */
export function usedBytes(connection: Connection): number {
  const pragma = (name: string): number => connection.pragma(name, { simple: true }) as number
  return (pragma('page_count') - pragma('freelist_count')) * pragma('page_size')
}
