import { mark, type Columns, type Row } from './columns.ts'
import { compareDoubt, compareRank, qualityNumber } from './series-rows.ts'

/** What the readings that wait change of what is stored. */
export interface Patch {
  /** In order of time and rank. */
  readonly added: Columns
  readonly removed: readonly Row[]
}

/** Readings of one series that wait, by their places in columns, in the order of arrival. */
export interface Waiting {
  readonly columns: Columns
  readonly places: readonly number[]
  /** One of them as a row, without its marks. */
  readonly rowAt: (place: number) => Row
}

/** Places of the readings that stay, in order of time and rank, and what is stored and goes. */
export interface Settled {
  readonly places: readonly number[]
  readonly removed: readonly Row[]
}

/** Finds what is stored of a series. */
export interface StoredLookup {
  /** In order of time, as the times are given. */
  levelsAt(times: readonly number[]): Row[]
  /** Counts of the same (boot, seq, index) as some of these. */
  countsLike(rows: readonly Row[]): Row[]
}

/** Of one moment of a level the larger (boot, seq, payload) stays; of equal ones `sequence`, else the first received. */
export function settleLevels({ columns, places, rowAt }: Waiting, stored: StoredLookup): Settled {
  const { at, quality } = columns
  const best: number[] = []
  const times: number[] = []
  for (const place of [...places].sort((a, b) => at[a]! - at[b]! || a - b)) {
    const time = at[place]!
    const last = best.length - 1
    if (last < 0 || at[best[last]!] !== time) best.push(place)
    else if (compareLevels(rowAt(place), rowAt(best[last]!)) > 0) best[last] = place
    if (quality[place]! >= mark.known && times[times.length - 1] !== time) times.push(time)
  }
  if (times.length === 0) return { places: best, removed: [] }
  const removed: Row[] = []
  const worse = new Set<number>()
  let i = 0
  for (const there of stored.levelsAt(times)) {
    while (at[best[i]!]! < there.at) i++
    if (compareLevels(rowAt(best[i]!), there) > 0) removed.push(there)
    else worse.add(best[i]!)
  }
  return { places: worse.size === 0 ? best : best.filter((place) => !worse.has(place)), removed }
}

function compareLevels(a: Row, b: Row): number {
  const order = compareRank(a, b) || compareDoubt(b.quality, a.quality)
  return order || b.received_at - a.received_at || b.quality - a.quality
}

const imported = qualityNumber('imported')

/**
 * A count is one by (boot, seq, index, value): `sequence` stays, else the earliest. An imported one takes the place of
 * others of its (boot, seq, index): the same file with another number corrects the first.
 */
export function settleCounts(waiting: Waiting, stored: StoredLookup): Settled {
  const { columns, places, rowAt } = waiting
  const known = places.filter((place) => columns.quality[place]! >= mark.known)
  if (known.length === 0) return { places: inOrder(places, waiting), removed: [] }
  /** What is alike has the same seq: the others stay as they are. */
  const seqs = new Set(known.map((place) => columns.seq[place]!))
  const kept: number[] = []
  const groups = new Map<string, { row: Row; place: number | 'stored' }[]>()
  const groupOf = ({ bootId, seq, index }: Row) => {
    const key = `${bootId}/${seq}/${index}`
    let group = groups.get(key)
    if (!group) groups.set(key, (group = []))
    return group
  }
  const removed: Row[] = []
  for (const row of stored.countsLike(known.map(rowAt))) groupOf(row).push({ row, place: 'stored' })
  for (const place of places) {
    if (!seqs.has(columns.seq[place]!)) {
      kept.push(place)
      continue
    }
    const row = rowAt(place)
    const group = groupOf(row)
    if (row.quality === imported) {
      for (let i = group.length - 1; i >= 0; i--) {
        const other = group[i]!
        if (other.row.value === row.value) continue
        if (other.place === 'stored') removed.push(other.row)
        group.splice(i, 1)
      }
    }
    const same = group.find((other) => other.row.value === row.value)
    if (!same) group.push({ row, place })
    else if (compareCounts(row, same.row) < 0) {
      if (same.place === 'stored') removed.push(same.row)
      same.row = row
      same.place = place
    }
  }
  for (const group of groups.values())
    for (const { place } of group) if (place !== 'stored') kept.push(place)
  return { places: inOrder(kept, waiting), removed }
}

function compareCounts(a: Row, b: Row): number {
  const order = compareDoubt(a.quality, b.quality) || a.at - b.at
  return order || a.received_at - b.received_at || a.quality - b.quality
}

function inOrder(places: readonly number[], { columns: { at }, rowAt }: Waiting): number[] {
  return [...places].sort((a, b) => at[a]! - at[b]! || compareRank(rowAt(a), rowAt(b)))
}
