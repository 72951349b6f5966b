import type Database from 'better-sqlite3'
import { channelType, type Reading } from '../../domain/index.ts'
import type { SeriesKey } from './series-view.ts'

/** What the writer knows of every series. */
export interface BookedSeries extends SeriesKey {
  prunedBefore: number
  /** Time of the newest reading, of those that wait too; and of the newest merged one. -1 where there is none. */
  newestAt: number
  mergedAt: number
  /** Chunks at the end of the newest day that are not full; null where nobody has looked yet. */
  smallChunks: number | null
}

export interface SeriesBook {
  /** The series of a reading, added in the caller's transaction where it is new. */
  find(reading: Reading): BookedSeries
  get(id: number): BookedSeries
}

type Row = [
  ...[id: number, site: string, device: string, channel: string, gtin: string],
  ...[prunedBefore: number, at: number | null],
]

/** Reads all series once: one that is not in the book afterwards is new, and costs an insert and no question. */
export function createSeriesBook(db: Database.Database): SeriesBook {
  const all = db.prepare(
    `SELECT series.id, site, device, channel, gtin, pruned_before, latest.at
     FROM series LEFT JOIN latest ON latest.series = series.id`,
  )
  const add = db.prepare('INSERT INTO series (site, device, channel, gtin) VALUES (?, ?, ?, ?)')
  /** By site and device: a text put together from both for every message costs more than two looks. */
  const sites = new Map<string, Map<string, Map<string, BookedSeries>>>()
  const ids: (BookedSeries | undefined)[] = []
  let site = ''
  let device = ''
  let ofDevice: Map<string, BookedSeries> | undefined

  function seriesOf(site: string, device: string): Map<string, BookedSeries> {
    let devices = sites.get(site)
    if (!devices) sites.set(site, (devices = new Map<string, Map<string, BookedSeries>>()))
    let found = devices.get(device)
    if (!found) devices.set(device, (found = new Map<string, BookedSeries>()))
    return found
  }

  const keyOf = (channel: string, gtin: string): string =>
    gtin === '' ? channel : `${channel}/${gtin}`

  function enter(id: number, channel: string, prunedBefore: number, at: number | null) {
    const newestAt = at ?? -1
    const booked: BookedSeries = {
      id,
      isCount: channelType(channel) === 'count',
      prunedBefore,
      newestAt,
      mergedAt: newestAt,
      smallChunks: at === null ? 0 : null,
    }
    while (ids.length < id) ids.push(undefined)
    ids[id] = booked
    return booked
  }

  for (const row of all.raw().iterate() as Iterable<Row>) {
    const [id, site, device, channel, gtin, prunedBefore, at] = row
    seriesOf(site, device).set(keyOf(channel, gtin), enter(id, channel, prunedBefore, at))
  }

  return {
    find(reading) {
      // Readings of one message come together: the device is looked up once for all of them.
      if (!ofDevice || reading.device !== device || reading.site !== site) {
        site = reading.site
        device = reading.device
        ofDevice = seriesOf(site, device)
      }
      const { channel } = reading
      const gtin = reading.gtin ?? ''
      const key = keyOf(channel, gtin)
      const known = ofDevice.get(key)
      if (known) return known
      const { lastInsertRowid } = add.run(site, device, channel, gtin)
      const booked = enter(Number(lastInsertRowid), channel, 0, null)
      ofDevice.set(key, booked)
      return booked
    },
    get: (id) => ids[id]!,
  }
}
