import { IANAZone } from 'luxon'
import { hourMs } from '../../domain/index.ts'

/** Whole hours that a zone is ahead of UTC at a moment; a zone with a half hour is rounded down to the grid. */
export function zoneOffsetHours(timeZone: string, at: number): number {
  return Math.floor(IANAZone.create(timeZone).offset(at) / 60)
}

/** Hour 0..23 and weekday 0..6 (0 is Monday, as ISO 8601) at an hour of UTC counted from 1970, in a zone `offsetHours` ahead. */
export function localCalendar(
  epochHour: number,
  offsetHours: number,
): { readonly hour: number; readonly weekday: number } {
  const local = epochHour + offsetHours
  const day = Math.floor(local / 24)
  // 1970-01-01 was a Thursday.
  return { hour: local - day * 24, weekday: (((day + 3) % 7) + 7) % 7 }
}

export function epochHour(at: number): number {
  return Math.floor(at / hourMs)
}
