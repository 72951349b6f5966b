import { fromRfc3339, offsetMinutes } from '../domain/index.ts'

const quarterMs = 15 * 60_000

/**
 * RFC 3339 with the zone's offset, to the millisecond where there are any. Offsets change on quarter hours of UTC only,
 * so that a page of readings asks the zone database once and not ten thousand times.
 */
export function createTimeFormatter(timeZone: string): (at: number) => string {
  let quarter = NaN
  let shiftMs = 0
  let suffix = 'Z'
  return (at) => {
    const now = Math.floor(at / quarterMs)
    if (now !== quarter) {
      quarter = now
      const minutes = offsetMinutes(at, timeZone)
      shiftMs = minutes * 60_000
      const digits = (value: number): string => String(Math.floor(value)).padStart(2, '0')
      suffix =
        minutes === 0
          ? 'Z'
          : `${minutes < 0 ? '-' : '+'}${digits(Math.abs(minutes) / 60)}:${digits(Math.abs(minutes) % 60)}`
    }
    const text = new Date(at + shiftMs).toISOString()
    return (text.endsWith('.000Z') ? text.slice(0, -5) : text.slice(0, -1)) + suffix
  }
}

/** A time out of a query: a `+` that nobody escaped arrives as a space and is taken as the sign it was. */
export function timeFromQuery(text: string): number {
  return fromRfc3339(text.replace(' ', '+'))
}
