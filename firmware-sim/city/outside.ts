import { chanceOf } from './chance.ts'

/**
 * What happens around the stores and moves their demand: events and what is talked about. Functions of the seed and the calendar,
 * so that the past can be asked, and an announcement is true.
 */
export interface Crowd {
  readonly startHour: number
  readonly hours: number
  readonly people: number
  readonly words: string
}

const isWeekend = (day: number): boolean => (((day + 3) % 7) + 7) % 7 >= 5

/** The event near a site on a local day; null on most. */
export function crowdOf(seed: number, site: number, day: number): Crowd | null {
  if (chanceOf(seed, 0xe0e, site, day) >= (isWeekend(day) ? 0.3 : 0.14)) return null
  const draw = chanceOf(seed, 0xe1e, site, day)
  const kinds = [
    { startHour: 18, hours: 4, words: 'Concert' },
    { startHour: 10, hours: 8, words: 'Street fair' },
    { startHour: 14, hours: 5, words: 'Match' },
  ] as const
  const kind = kinds[Math.floor(draw * kinds.length)]!
  const people = 100 * Math.round(4 + 20 * chanceOf(seed, 0xe2e, site, day))
  return { ...kind, people }
}

/** Visits over those without the event: 400 people bring a sixth more, 2400 twice as many. */
export function crowdEffect(crowd: Crowd | null, hour: number): number {
  const isOn = crowd && hour >= crowd.startHour && hour < crowd.startHour + crowd.hours
  return isOn ? 1 + crowd.people / 2400 : 1
}

const burstDays = 8
const fadeHours = 60

/**
 * How much a site is talked about in an hour, over its usual. Talk flares up at the start of some days and fades over days;
 * `knownDay` is the last day whose flares are known.
 */
export function interestOf(
  seed: number,
  site: number,
  { day, hour }: { readonly day: number; readonly hour: number },
  knownDay = day,
): number {
  let index = 1
  for (let back = 0; back < burstDays; back++) {
    const from = day - back
    if (from > knownDay || chanceOf(seed, 0x101, site, from) >= 0.12) continue
    const height = 0.5 + 1.5 * chanceOf(seed, 0x102, site, from)
    index += height * Math.exp(-(24 * back + hour) / fadeHours)
  }
  return index
}

/** Visits over the usual at an index of social interest. */
export function interestEffect(index: number): number {
  return index ** 0.5
}
