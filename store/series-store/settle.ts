import { addRow, createColumns, type Columns, type Row } from './columns.ts'
import { compareDoubt, compareRank, compareRows, qualityNumber } from './series-rows.ts'

/** What the readings that wait change of what is stored. */
export interface Patch {
  /** In order of time and rank. */
  readonly added: Columns
  readonly removed: readonly Row[]
}

export interface PendingRow extends Row {
  /** One of the same identity may be there already. */
  readonly isKnown: boolean
}

/** Finds what is stored of a series. */
export interface StoredLookup {
  levelsAt(times: readonly number[]): Row[]
  /** Counts of the same (boot, seq, index) as some of these. */
  countsLike(rows: readonly Row[]): Row[]
}

/** Of one moment of a level the larger (boot, seq, payload) stays; of equal ones `sequence`, else the first received. */
export function settleLevels(rows: readonly PendingRow[], stored: StoredLookup): Patch {
  const best = new Map<number, PendingRow>()
  const times = new Set<number>()
  for (const row of rows) {
    const other = best.get(row.at)
    if (!other || compareLevels(row, other) > 0) best.set(row.at, row)
    if (row.isKnown) times.add(row.at)
  }
  const removed: Row[] = []
  for (const there of stored.levelsAt([...times].sort((a, b) => a - b))) {
    if (compareLevels(best.get(there.at)!, there) > 0) removed.push(there)
    else best.delete(there.at)
  }
  return { added: sorted([...best.values()]), removed }
}

function compareLevels(a: Row, b: Row): number {
  const order =
    compareRank({ ...a, index: a.idx }, { ...b, index: b.idx }) ||
    compareDoubt(b.quality, a.quality)
  return order || b.received_at - a.received_at || b.quality - a.quality
}

const imported = qualityNumber('imported')

/**
 * A count is one by (boot, seq, index, value): `sequence` stays, else the earliest. An imported one takes the place of
 * others of its (boot, seq, index): the same file with another number corrects the first.
 */
export function settleCounts(rows: readonly PendingRow[], stored: StoredLookup): Patch {
  const known = rows.filter(({ isKnown }) => isKnown)
  if (known.length === 0) return { added: sorted([...rows]), removed: [] }
  const groups = new Map<string, { row: Row; isStored: boolean }[]>()
  const groupOf = ({ bootId, seq, idx }: Row) => {
    const key = `${bootId}/${seq}/${idx}`
    let group = groups.get(key)
    if (!group) groups.set(key, (group = []))
    return group
  }
  const removed: Row[] = []
  for (const row of stored.countsLike(known)) groupOf(row).push({ row, isStored: true })
  for (const row of rows) {
    const group = groupOf(row)
    if (row.quality === imported) {
      for (let i = group.length - 1; i >= 0; i--) {
        const other = group[i]!
        if (other.row.value === row.value) continue
        if (other.isStored) removed.push(other.row)
        group.splice(i, 1)
      }
    }
    const same = group.find((other) => other.row.value === row.value)
    if (!same) group.push({ row, isStored: false })
    else if (compareCounts(row, same.row) < 0) {
      if (same.isStored) removed.push(same.row)
      same.row = row
      same.isStored = false
    }
  }
  const added = [...groups.values()].flat().filter(({ isStored }) => !isStored)
  return { added: sorted(added.map(({ row }) => row)), removed }
}

function compareCounts(a: Row, b: Row): number {
  const order = compareDoubt(a.quality, b.quality) || a.at - b.at
  return order || a.received_at - b.received_at || a.quality - b.quality
}

function sorted(rows: Row[]): Columns {
  const columns = createColumns(rows.length)
  for (const row of rows.sort(compareRows)) addRow(columns, row)
  return columns
}

/** Whether two rows of one series are the same reading. */
export function isSameRow(a: Row, b: Row): boolean {
  return (
    a.at === b.at &&
    a.value === b.value &&
    a.bootId === b.bootId &&
    a.seq === b.seq &&
    a.idx === b.idx
  )
}
