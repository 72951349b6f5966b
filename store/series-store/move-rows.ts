import type Database from 'better-sqlite3'
import { dayMs } from '../../domain/index.ts'
import { createBlockCodec } from './block-codec.ts'
import { createChunkTable } from './chunk-table.ts'
import { addRow, createColumns, type Row } from './columns.ts'
import { dayOf, emptyDay, encodeDay } from './day-rollup.ts'
import { compareRows } from './series-rows.ts'

/**
 * Takes a file of schema version 1 or 2, which had a row per reading, to chunks: a series at a time, each in one transaction,
 * so that a start that is broken off goes on where it was. Nothing to do where the old tables are gone.
 */
export function moveRows(db: Database.Database): void {
  const isOld = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'levels'").get()
  if (!isOld) return
  const chunks = createChunkTable(db, createBlockCodec())
  const columns =
    'at, value, old.boot AS bootId, boots.boot, seq, idx AS "index", received_at, quality'
  for (const [table, index] of [
    ['levels', ''],
    ['counts', 'INDEXED BY counts_by_time'],
  ] as const) {
    const next = db.prepare(`SELECT series FROM ${table} LIMIT 1`).pluck()
    const nextAt = db
      .prepare(`SELECT at FROM ${table} WHERE series = ? AND at >= ? ORDER BY at LIMIT 1`)
      .pluck()
    const read = db.prepare(
      `SELECT ${columns} FROM ${table} AS old ${index} JOIN boots ON boots.id = old.boot
       WHERE series = ? AND at >= ? AND at < ?`,
    )
    const remove = db.prepare(`DELETE FROM ${table} WHERE series = ?`)
    const move = db.transaction((series: number) => {
      const some = createColumns(0)
      let at = nextAt.get(series, 0) as number | undefined
      while (at !== undefined) {
        const end = (dayOf(at) + 1) * dayMs
        some.length = 0
        const rows = read.all(series, at, end) as Row[]
        for (const row of rows.sort(compareRows)) addRow(some, row)
        chunks.add(series, some)
        at = nextAt.get(series, end) as number | undefined
      }
      remove.run(series)
    })
    for (;;) {
      const series = next.get() as number | undefined
      if (series === undefined) break
      if (table === 'counts') saveHeads(db, series)
      move.immediate(series)
    }
  }
  finish(db)
}

/** Of the highest seq of a boot any index may be there. */
function saveHeads(db: Database.Database, series: number): void {
  db.prepare(
    `INSERT OR REPLACE INTO count_heads SELECT series, boot, max(seq), ${Number.MAX_SAFE_INTEGER} FROM counts WHERE series = ? GROUP BY boot`,
  ).run(series)
}

/** Moves the hours, whose blobs were 24 numbers of each kind, and drops the old tables. */
function finish(db: Database.Database): void {
  const next = db.prepare('SELECT series, day, hours FROM days LIMIT 1000')
  const save = db.prepare('INSERT OR REPLACE INTO rollups VALUES (?, ?, ?)')
  const remove = db.prepare('DELETE FROM days WHERE series = ? AND day = ?')
  const move = db.transaction(
    (rows: readonly { series: number; day: number; hours: Uint8Array }[]) => {
      for (const { series, day, hours } of rows) {
        const rollup = emptyDay(day)
        new Uint8Array(rollup.sum.buffer).set(hours)
        save.run(day, series, encodeDay(rollup))
        remove.run(series, day)
      }
    },
  )
  for (;;) {
    const rows = next.all() as { series: number; day: number; hours: Uint8Array }[]
    if (rows.length === 0) break
    move.immediate(rows)
  }
  db.transaction(() => {
    db.exec('DROP TABLE levels; DROP TABLE counts; DROP TABLE days;')
  }).immediate()
}
