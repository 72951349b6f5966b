import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { dayMs, errorMessage, LarderError } from '../../domain/index.ts'

/** Hourly counts of street sensors, from the midnight of the first day on. */
export interface Pedestrians {
  readonly firstDay: number
  readonly sensors: readonly Uint16Array[]
}

/** One in so many who pass the sensor would come into the store. */
export const passersPerVisitor = 20

/** City of Melbourne's counters: columns Date, Time (hour of the day), Sensor_ID, Hourly_Counts. */
export function readPedestrians(path: string): Pedestrians {
  try {
    const text = gunzipSync(readFileSync(path))
    const rows: Record<string, string>[] = parse(text, { columns: true })
    const [first] = rows
    const missing = ['Date', 'Time', 'Sensor_ID', 'Hourly_Counts'].filter(
      (name) => first?.[name] === undefined,
    )
    if (missing.length > 0)
      throw new LarderError('RT_FILE_UNREADABLE', `it has no column ${missing.join(', ')}`)
    const dayOf = (row: Record<string, string>): number =>
      Math.floor(Date.parse(`${row.Date ?? ''}T00:00:00Z`) / dayMs)
    const days = rows.map(dayOf)
    const firstDay = days.reduce((least, day) => Math.min(least, day), Infinity)
    const lastDay = days.reduce((most, day) => Math.max(most, day), -Infinity)
    const hours = (lastDay - firstDay + 1) * 24
    const sensors = new Map<string, Uint16Array>()
    for (const row of rows) {
      const id = row.Sensor_ID ?? ''
      const counts = sensors.get(id) ?? new Uint16Array(hours)
      sensors.set(id, counts)
      counts[(dayOf(row) - firstDay) * 24 + Number(row.Time)] = Number(row.Hourly_Counts)
    }
    return { firstDay, sensors: [...sensors.values()] }
  } catch (error) {
    throw new LarderError(
      'RT_FILE_UNREADABLE',
      `The recording ${path} cannot be replayed: ${errorMessage(error)}. Take the file away to replay without footfall.`,
      { cause: error },
    )
  }
}
