import { dayMs } from '../../domain/index.ts'
import { chanceOf } from './chance.ts'
import type { SiteState } from './city-state.ts'
import type { CityPlan } from './plan-of-city.ts'
import { crowdEffect, crowdOf, interestEffect, interestOf } from './outside.ts'
import { habitProfile, visitProfile } from './profiles.ts'
import type { Weather } from './weather.ts'

export interface LocalMoment {
  readonly hour: number
  readonly minute: number
  /** 1 = Monday */
  readonly weekday: number
  /** Days since 1970-01-01, local. */
  readonly day: number
}

export function localMoment(at: number, offsetMs: number): LocalMoment {
  const local = at + offsetMs
  const day = Math.floor(local / dayMs)
  const minuteOfDay = Math.floor((local - day * dayMs) / 60_000)
  return {
    hour: Math.floor(minuteOfDay / 60),
    minute: minuteOfDay % 60,
    // 1970-01-01 was a Thursday.
    weekday: ((((day + 3) % 7) + 7) % 7) + 1,
    day,
  }
}

/**
 * Price over the list price: some products of a store are on offer from Thursday to Sunday. A function of the seed and the
 * calendar, so that it is known ahead.
 */
export function discount(seed: number, site: number, product: number, day: number): number {
  const weekday = ((((day + 3) % 7) + 7) % 7) + 1
  if (weekday < 4) return 1
  const week = Math.floor((day + 3) / 7)
  const draw = chanceOf(seed, week, site, product)
  return draw < 0.04 ? 0.7 : draw < 0.1 ? 0.8 : 1
}

/** Price elasticity of an offer, in the middle of what promotion studies of groceries find (-1.5 to -2.5). */
const elasticity = -2

export interface HourlyDemand {
  /** Expected visits in the hour. */
  readonly visits: number
  /** Chance by product that a visitor wants it. */
  readonly chances: readonly number[]
}

/** What an hour at a store is like, before any chance but the slow drifts. */
export function hourlyDemand(
  plan: CityPlan,
  seed: number,
  site: number,
  state: SiteState,
  moment: LocalMoment,
  weather: Weather,
): HourlyDemand {
  const { character, visitsPerDay, wants } = plan.sites[site]!
  const isWeekend = moment.weekday >= 6
  const visits =
    (visitsPerDay / 24) *
    visitProfile(character, moment.hour, moment.weekday) *
    (1 - 0.3 * weather.rain) *
    crowdEffect(crowdOf(seed, site, moment.day), moment.hour) *
    interestEffect(interestOf(seed, site, moment)) *
    Math.exp(state.visitDrift)
  const chances = plan.entries.map((entry, product) => {
    const offer = discount(seed, site, product, moment.day) ** elasticity
    const warmth = Math.exp(entry.perDegree * (weather.celsius - 20))
    const rain = Math.max(0.1, 1 + entry.inRain * weather.rain)
    const weekend = isWeekend ? entry.weekend : 1
    return Math.min(
      0.85,
      (wants[product] ?? 0) *
        habitProfile(entry.habit, moment.hour) *
        offer *
        warmth *
        rain *
        weekend *
        Math.exp(state.drift[product] ?? 0),
    )
  })
  return { visits, chances }
}
