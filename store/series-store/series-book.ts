import type Database from 'better-sqlite3'
import { channelType, type Reading } from '../../domain/index.ts'
import type { SeriesKey } from './series-view.ts'

/** What the writer knows of every series that it has met. */
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

interface Found {
  readonly id: number
  readonly channel: string
  readonly pruned_before: number
  readonly at: number | null
}

export function createSeriesBook(db: Database.Database): SeriesBook {
  const columns = 'series.id, channel, pruned_before, latest.at'
  const byName = db.prepare(
    `SELECT ${columns} FROM series LEFT JOIN latest ON latest.series = series.id
     WHERE site = ? AND device = ? AND channel = ? AND gtin = ?`,
  )
  const byId = db.prepare(
    `SELECT ${columns} FROM series LEFT JOIN latest ON latest.series = series.id WHERE series.id = ?`,
  )
  /** Gives nothing where the series is there. */
  const add = db.prepare(
    `INSERT INTO series (site, device, channel, gtin) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING
     RETURNING id, channel, pruned_before, NULL AS at`,
  )
  const devices = new Map<string, Map<string, BookedSeries>>()
  const ids: (BookedSeries | undefined)[] = []
  let site = ''
  let device = ''
  let ofDevice: Map<string, BookedSeries> | undefined

  function enter(row: Found): BookedSeries {
    const known = ids[row.id]
    if (known) return known
    const at = row.at ?? -1
    const booked: BookedSeries = {
      id: row.id,
      isCount: channelType(row.channel) === 'count',
      prunedBefore: row.pruned_before,
      newestAt: at,
      mergedAt: at,
      smallChunks: row.at === null ? 0 : null,
    }
    while (ids.length < row.id) ids.push(undefined)
    ids[row.id] = booked
    return booked
  }

  return {
    find(reading) {
      // Readings of one message come together: the device is looked up once for all of them.
      if (!ofDevice || reading.device !== device || reading.site !== site) {
        site = reading.site
        device = reading.device
        const key = `${site}/${device}`
        ofDevice = devices.get(key)
        if (!ofDevice) devices.set(key, (ofDevice = new Map<string, BookedSeries>()))
      }
      const { channel, gtin } = reading
      const key = gtin === null ? channel : `${channel}/${gtin}`
      const known = ofDevice.get(key)
      if (known) return known
      const names = [site, device, channel, gtin ?? '']
      const booked = enter((add.get(...names) ?? byName.get(...names)) as Found)
      ofDevice.set(key, booked)
      return booked
    },
    get: (id) => ids[id] ?? enter(byId.get(id) as Found),
  }
}
