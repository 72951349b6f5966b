import type { Habit } from './catalogue.ts'

/** Share of a day's visits by local hour, opening hours only; each row is scaled to a mean of 1 over the day's 24 hours. */
const visits = {
  residential: [0, 0, 0, 0, 0, 0, 0, 3, 5, 4, 4, 5, 5, 4, 3, 4, 6, 9, 11, 10, 8, 6, 4, 0],
  office: [0, 0, 0, 0, 0, 0, 0, 5, 9, 6, 4, 7, 12, 9, 5, 4, 4, 6, 7, 5, 3, 2, 1, 0],
  mixed: [0, 0, 0, 0, 0, 0, 0, 4, 7, 5, 4, 6, 9, 6, 4, 4, 5, 8, 9, 8, 6, 4, 3, 0],
} as const
export type SiteCharacter = keyof typeof visits

/** Monday first. */
const weekdays: Readonly<Record<SiteCharacter, readonly number[]>> = {
  residential: [0.86, 0.84, 0.86, 0.9, 1.05, 1.3, 1.25],
  office: [1.12, 1.15, 1.15, 1.15, 1.18, 0.66, 0.58],
  mixed: [0.94, 0.94, 0.96, 0.98, 1.1, 1.12, 1.0],
}

const habits: Readonly<Record<Habit, (hour: number) => number>> = {
  morning: (hour) => 0.5 + 1.7 * bump(hour, 8, 1.6) + 0.4 * bump(hour, 19, 2),
  lunch: (hour) => 0.45 + 1.9 * bump(hour, 12.3, 1.3) + 0.2 * bump(hour, 18, 2),
  dinner: (hour) => 0.35 + 1.6 * bump(hour, 17.8, 1.7) + 0.3 * bump(hour, 10.5, 1.5),
  evening: (hour) => 0.4 + 1.6 * bump(hour, 20.5, 1.8) + 0.3 * bump(hour, 15, 2),
  allDay: () => 1,
}

function bump(hour: number, centre: number, width: number): number {
  return Math.exp(-(((hour + 0.5 - centre) / width) ** 2) / 2)
}

/** Visits in an hour over the mean hour of a mean day. Weekday 1 is Monday. */
export function visitProfile(character: SiteCharacter, hour: number, weekday: number): number {
  const row = visits[character]
  const sum = row.reduce<number>((total, value) => total + value, 0)
  return ((row[hour] ?? 0) / sum) * 24 * (weekdays[character][weekday - 1] ?? 1)
}

/** How much more than at any hour a visitor wants a product of this habit. */
export function habitProfile(habit: Habit, hour: number): number {
  return habits[habit](hour)
}
