import type Database from 'better-sqlite3'
import type { ChunkTable } from './chunk-table.ts'
import { createColumns, lowerBound } from './columns.ts'

/** Chunks dropped in one transaction, so that writes get their turn in between. */
const chunksAtOnce = 500

/** Drops readings before a moment, some chunks at a call. What comes for their series later and is older is refused. */
export function chunkPruner(
  db: Database.Database,
  chunks: ChunkTable,
  totals: number[],
): (
  before: number,
  saveTotals: () => void,
) => { readonly readings: number; readonly more: boolean; readonly series: ReadonlySet<number> } {
  const savePruned = db.prepare(
    'UPDATE series SET pruned_before = max(pruned_before, ?) WHERE id = ?',
  )
  const prune = db.transaction((before: number, saveTotals: () => void) => {
    const some = chunks.before(before, chunksAtOnce)
    const series = new Set<number>()
    let readings = 0
    for (const chunk of some) {
      series.add(chunk.series)
      if (chunk.lastAt < before && chunk.quality !== null) {
        totals[chunk.quality]! -= chunk.readings
        readings += chunk.readings
        chunks.remove(chunk)
        continue
      }
      const all = createColumns(chunk.readings)
      chunks.load(chunk, all)
      const end = lowerBound(all, before)
      for (let i = 0; i < end; i++) totals[all.quality[i]!]!--
      readings += end
      chunks.remove(chunk)
      chunks.add(chunk.series, all, end)
    }
    for (const id of series) savePruned.run(before, id)
    saveTotals()
    return { readings, more: some.length === chunksAtOnce, series }
  })
  return (before, saveTotals) => prune.immediate(before, saveTotals)
}
