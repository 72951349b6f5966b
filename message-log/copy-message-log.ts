import { open } from 'node:fs/promises'
import type { MessagePort } from 'node:worker_threads'
import Database from 'better-sqlite3'
import type { Position } from '../domain/index.ts'
import { describeSystemError } from '../runtime/index.ts'
import { unpackBatch, type StoredBatch } from './batch.ts'
import type { BatchHub } from './batch-hub.ts'
import { connectHub } from './hub-port.ts'
import { migrations } from './log-database.ts'

/** Schema of log.db that this Larder writes; it reads every one up to it. */
export const logSchemaVersion = migrations.length

const messagesAtOnce = 10_000

export interface LogCopy {
  readonly start: Position
  readonly end: Position
}

/**
 * Copies a log that is appended to meanwhile into a file of its own: every message that was durable when it was called, under
 * its position, damaged ones as they are. It reads as any reader does, a span at a time, so that appends go on.
 */
export async function copyMessageLog(options: {
  /** Of the log worker's `connect`. */
  readonly port: MessagePort
  readonly file: string
  readonly onProgress: (done: number, of: number) => void
}): Promise<LogCopy> {
  const connection = connectHub(options.port)
  try {
    return await copy(connection.hub, options)
  } catch (error) {
    throw describeSystemError(error, { what: `${options.file} was not written`, remedy: '' })
  } finally {
    connection.close()
  }
}

async function copy(
  hub: BatchHub,
  { file, onProgress }: { file: string; onProgress: (done: number, of: number) => void },
): Promise<LogCopy> {
  const stats = await hub.stats()
  const [start, end] = [stats.starts.get(0) ?? 1, stats.ends.get(0) ?? 0]
  const db = new Database(file)
  let first = end + 1
  let next = start
  try {
    // Synced once, at the end: a copy that is cut short is thrown away.
    db.pragma('synchronous = OFF')
    for (const sql of migrations) db.exec(sql)
    db.pragma(`user_version = ${migrations.length}`)
    db.prepare('UPDATE identity SET id = ?').run(stats.id)
    const insert = createInsert(db)
    const reader = await hub.open({
      group: null,
      after: start - 1,
      maxMessages: messagesAtOnce,
      gatherMs: 0,
    })
    while (next <= end) {
      const delivery = await hub.pull(reader)
      if (!delivery) break
      insert(delivery.batches)
      first = Math.min(first, delivery.batches[0]?.first ?? first)
      next = delivery.next
      onProgress(Math.min(next, end + 1) - start, end + 1 - start)
    }
    await hub.closeReader(reader)
    const insertHole = db.prepare('INSERT OR IGNORE INTO hole VALUES (?, ?, ?)')
    for (const { from, to, words } of (await hub.stats()).holes) insertHole.run(from, to, words)
    // What was pruned meanwhile is no hole.
    db.prepare('UPDATE pruned SET through = ?').run(first - 1)
  } finally {
    db.close()
  }
  await syncFile(file)
  return { start: first, end: next - 1 }
}

function createInsert(db: Database.Database): (batches: readonly StoredBatch[]) => void {
  const insert = db.prepare('INSERT OR IGNORE INTO batch VALUES (?, ?, ?, ?, ?, ?)')
  let [oldest, newest] = [0, 0]
  return db.transaction((batches: readonly StoredBatch[]) => {
    for (const { first, count, buffer } of batches) {
      const times = unpackBatch({ first, count, buffer }).messages.map((one) => one.receivedAt)
      if (times.length > 0) {
        oldest = times.reduce((least, time) => Math.min(least, time))
        newest = times.reduce((most, time) => Math.max(most, time))
      }
      const { byteLength } = buffer
      insert.run(
        first,
        count,
        byteLength,
        Math.floor(oldest),
        Math.ceil(newest),
        Buffer.from(buffer),
      )
    }
  })
}

async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
