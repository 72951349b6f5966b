import type Database from 'better-sqlite3'
import type { Columns } from './columns.ts'

/** The highest (seq, index) of each boot of a count: one above it is new without a look at what is stored. */
export interface CountHeads {
  /** Whether a count may be there already; raises the highest where it cannot. */
  mayBeKnown(series: number, boot: number, seq: number, index: number): boolean
  /** How many are in memory; and forgets them, to be read from the file again: those of readings that wait must be said anew. */
  size(): number
  forget(): void
  /** Keeps the highest of merged readings in the file. */
  save(series: number, merged: Columns): void
}

interface Head {
  seq: number
  idx: number
}

/** The highest of what is merged, of a boot of a series. */
export function mergedHeads(
  db: Database.Database,
): (series: number, boot: number) => Head | undefined {
  const find = db.prepare('SELECT seq, idx FROM count_heads WHERE series = ? AND boot = ?')
  return (series, boot) => find.get(series, boot) as Head | undefined
}

export function isAbove(head: Head, seq: number, index: number): boolean {
  return seq > head.seq || (seq === head.seq && index > head.idx)
}

/** Above every boot's number. */
const boots = 2 ** 26

export function createCountHeads(db: Database.Database): CountHeads {
  const find = mergedHeads(db)
  const save = db.prepare(
    `INSERT INTO count_heads VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq, idx = excluded.idx
     WHERE (excluded.seq, excluded.idx) > (seq, idx)`,
  )
  const heads = new Map<number, Head>()

  function headOf(series: number, boot: number): Head {
    const key = series * boots + boot
    let head = heads.get(key)
    if (!head) {
      head = find(series, boot) ?? { seq: -Infinity, idx: 0 }
      heads.set(key, head)
    }
    return head
  }

  return {
    mayBeKnown(series, boot, seq, index) {
      const head = headOf(series, boot)
      if (!isAbove(head, seq, index)) return true
      head.seq = seq
      head.idx = index
      return false
    },
    size: () => heads.size,
    forget: () => {
      heads.clear()
    },
    save(series, { boot, seq, index, length }) {
      let first = 0
      for (let i = 1; i <= length; i++) {
        if (i < length && boot[i] === boot[first]) {
          if (seq[i]! > seq[first]! || (seq[i] === seq[first] && index[i]! > index[first]!))
            first = i
          continue
        }
        save.run(series, boot[first]!, seq[first]!, index[first]!)
        first = i
      }
    },
  }
}
