import { DateTime, IANAZone } from 'luxon'
import { hourMs } from './clock.ts'
import { LarderError } from './errors.ts'

/** Hour of the day (0-23), ISO weekday (1 = Monday), and calendar day of a moment in a zone. */
export interface LocalTime {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly weekday: number
}

export function isZone(timeZone: string): boolean {
  return IANAZone.isValidZone(timeZone)
}

/** Minutes east of UTC at a moment. */
export function offsetMinutes(at: number, timeZone: string): number {
  return IANAZone.create(timeZone).offset(at)
}

export function localTime(at: number, timeZone: string): LocalTime {
  const shifted = new Date(at + offsetMinutes(at, timeZone) * 60_000)
  return {
    year: shifted.getUTCFullYear(),
    month: shifted.getUTCMonth() + 1,
    day: shifted.getUTCDate(),
    hour: shifted.getUTCHours(),
    minute: shifted.getUTCMinutes(),
    weekday: shifted.getUTCDay() === 0 ? 7 : shifted.getUTCDay(),
  }
}

/** The last full hour at or before a moment, on the zone's own hours. */
export function startOfHour(at: number, timeZone: string): number {
  const shift = offsetMinutes(at, timeZone) * 60_000
  return Math.floor((at + shift) / hourMs) * hourMs - shift
}

/** Midnight of the zone's day that a moment lies in. */
export function startOfDay(at: number, timeZone: string): number {
  return DateTime.fromMillis(at, { zone: timeZone }).startOf('day').toMillis()
}

/** Moment of a local HH:MM on the zone's day that `at` lies in. */
export function timeOfDay(at: number, timeZone: string, hhmm: string): number {
  const [hour = 0, minute = 0] = hhmm.split(':').map(Number)
  return DateTime.fromMillis(at, { zone: timeZone })
    .set({ hour, minute, second: 0, millisecond: 0 })
    .toMillis()
}

/** RFC 3339 with the zone's offset. */
export function toRfc3339(at: number, timeZone: string): string {
  return (
    DateTime.fromMillis(at, { zone: timeZone }).toISO({ suppressMilliseconds: true }) ??
    new Date(at).toISOString()
  )
}

/** Epoch ms of an RFC 3339 time with an offset; an error says how to write one. */
export function fromRfc3339(text: string): number {
  const at = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/i.test(text)
    ? Date.parse(text)
    : NaN
  if (Number.isNaN(at)) {
    throw new LarderError(
      'RT_REQUEST_INVALID',
      `"${text}" is not a time: write RFC 3339 with an offset, e.g. 2026-11-22T09:00:00+08:00.`,
    )
  }
  return at
}
