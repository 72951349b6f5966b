import { coldLimit, severityOf, type Severity } from '../../limits.ts'
import type { DeviceView, ReadingView } from './wire.ts'

export interface Point {
  readonly at: number
  readonly value: number
}

/** Temperatures by `site/device`, oldest first. */
export type Probes = ReadonlyMap<string, readonly Point[]>

const keptPoints = 240
/** A sparkline needs no more than a point a minute. */
const spacingMs = 60_000

/** Late and repeated readings are left out: a sparkline goes forward. */
export function addTemperatures(probes: Probes, readings: readonly ReadingView[]): Probes {
  const next = new Map(probes)
  for (const reading of readings) {
    if (reading.channel !== 'celsius') continue
    const key = `${reading.site}/${reading.device}`
    const points = next.get(key) ?? []
    const at = Date.parse(reading.at)
    const last = points[points.length - 1]
    if (last !== undefined && at <= last.at) continue
    const before = points[points.length - 2]
    const isClose = before !== undefined && at - before.at < spacingMs
    const kept = isClose ? points.slice(0, -1) : points
    next.set(key, [...kept, { at, value: reading.value }].slice(-keptPoints))
  }
  return next
}

export interface ColdRoom {
  readonly site: string
  readonly device: string
  readonly zone: string
  readonly points: readonly Point[]
  readonly latest: Point
  /** Limit that a person acts on; null where the zone has none. */
  readonly limit: number | null
  readonly severity: Severity
}

function zoneOf(device: string, known: DeviceView | undefined): string {
  if (known !== undefined && known.zone !== null) return known.zone
  return (
    ['chilled', 'frozen', 'staging', 'ambient'].find((zone) => device.includes(zone)) ?? 'unknown'
  )
}

const order: Readonly<Record<Severity, number>> = { critical: 0, warning: 1, good: 2 }

const warmZones: readonly string[] = ['ambient', 'staging']

/** Worst first, then nearest to its limit. Places that are not kept cold are left out. */
export function listColdRooms(
  probes: Probes,
  devices: ReadonlyMap<string, DeviceView>,
): readonly ColdRoom[] {
  const rooms: ColdRoom[] = []
  for (const [key, points] of probes) {
    const [site = '', device = ''] = key.split('/')
    const latest = points[points.length - 1]
    if (latest === undefined) continue
    const zone = zoneOf(device, devices.get(`${site}.${device}`))
    if (warmZones.includes(zone)) continue
    const limit = coldLimit(zone)
    rooms.push({
      site,
      device,
      zone,
      points,
      latest,
      limit: limit?.critical ?? null,
      severity: limit === null ? 'good' : severityOf(latest.value, limit),
    })
  }
  const headroom = (room: ColdRoom) => (room.limit ?? 999) - room.latest.value
  return rooms.sort(
    (a, b) =>
      order[a.severity] - order[b.severity] ||
      headroom(a) - headroom(b) ||
      a.site.localeCompare(b.site),
  )
}
