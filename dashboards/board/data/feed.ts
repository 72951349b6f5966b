import type { ReadingView } from './wire.ts'

export interface FeedRow {
  readonly series: string
  readonly reading: ReadingView
  /** Wall clock of this browser. */
  readonly heardAt: number
  /** From a device that was quiet before: it stays on top for a while, or a person's own reading would be swept away. */
  readonly rare: boolean
}

export interface Feed {
  readonly rows: readonly FeedRow[]
  readonly heardDevices: ReadonlyMap<string, number>
  readonly startedAt: number
}

const quietMs = 60_000
const warmUpMs = 15_000
const rareMs = 120_000
const keptRows = 400

export function emptyFeed(now: number): Feed {
  return { rows: [], heardDevices: new Map(), startedAt: now }
}

export function seriesName(reading: ReadingView): string {
  const path = `${reading.site}/${reading.device}/${reading.channel}`
  return reading.gtin === null ? path : `${path}/${reading.gtin}`
}

/** Newest reading of each series, newest first; bounded. Imported history is not what a device says now. */
export function addReadings(feed: Feed, items: readonly ReadingView[], now: number): Feed {
  const heard = new Map(feed.heardDevices)
  const rare = new Set(
    feed.rows.filter((row) => row.rare && now - row.heardAt < rareMs).map((row) => deviceOf(row)),
  )
  const isWarm = now - feed.startedAt > warmUpMs
  const fresh: FeedRow[] = []
  const spoken = items.filter((reading) => reading.quality !== 'imported')
  const newest = new Map(spoken.map((reading) => [seriesName(reading), reading]))
  for (const [series, reading] of newest) {
    const device = `${reading.site}/${reading.device}`
    const before = feed.heardDevices.get(device)
    const wasQuiet = before === undefined ? isWarm : now - before > quietMs
    const isOurs = rare.has(device) || wasQuiet || reading.quality === 'unregistered'
    heard.set(device, now)
    fresh.unshift({ series, reading, heardAt: now, rare: isOurs })
  }
  const kept = feed.rows.filter((row) => !newest.has(row.series))
  const rows = [...fresh, ...kept]
  const isPinned = (row: FeedRow) => row.rare && now - row.heardAt < rareMs
  return {
    ...feed,
    heardDevices: heard,
    rows: [
      ...rows.filter(isPinned),
      ...rows.filter((row) => !isPinned(row)).slice(0, keptRows),
    ].slice(0, keptRows * 2),
  }
}

function deviceOf(row: FeedRow): string {
  return `${row.reading.site}/${row.reading.device}`
}

/** Rows whose series has every word of the filter in it; rare ones first. */
export function selectRows(feed: Feed, filter: string, limit: number): readonly FeedRow[] {
  const wanted = filter.toLowerCase().split(/\s+/).filter(Boolean)
  const fits = (row: FeedRow) => wanted.every((word) => row.series.toLowerCase().includes(word))
  return feed.rows.filter(fits).slice(0, limit)
}
