import { dayMs, hourMs } from '../../domain/index.ts'
import { restoreRandom } from '../../runtime/index.ts'
import { chanceOf } from './chance.ts'
import type { CityContext } from './city-context.ts'
import type { CityIssue } from './city-event.ts'
import { discount, localMoment, type LocalMoment } from './demand.ts'
import { crowdOf, interestOf } from './outside.ts'
import { nextWeather, type Weather } from './weather.ts'

const everyHours = 6
const weatherHours = 48
const interestHours = 36
const eventDaysAhead = 5
/** Rain of strength 1 in an hour. */
const heavyRainMm = 8

/**
 * What becomes known outside at a full hour: every six hours the weather forecast, the weather that came and what is talked about, at
 * nine in the morning the events five days on, and on Mondays the offers from Thursday to Sunday.
 */
export function announce(
  context: CityContext,
  at: number,
  moment: LocalMoment,
  offsetMs: number,
): readonly CityIssue[] {
  if (moment.hour === 9) return [...announceEvents(context, at), ...announceOffers(context, at)]
  if (moment.hour % everyHours !== 0) return []
  return [...forecastWeather(context, at, offsetMs), ...readInterest(context, at)]

  function announceEvents({ plan, seed }: CityContext, issuedAt: number): readonly CityIssue[] {
    const midnight = issuedAt - moment.hour * hourMs
    return plan.sites.flatMap(({ site, visitsPerDay }, place) => {
      const crowd = visitsPerDay > 0 ? crowdOf(seed, place, moment.day + eventDaysAhead) : null
      if (!crowd) return []
      const start = midnight + eventDaysAhead * dayMs + crowd.startHour * hourMs
      return [
        {
          ...{ signal: 'event', site: site.id, start, end: start + crowd.hours * hourMs },
          ...{ values: [crowd.people], issuedAt, words: crowd.words },
        },
      ]
    })
  }

  function announceOffers({ plan, seed }: CityContext, issuedAt: number): readonly CityIssue[] {
    if (moment.weekday !== 1) return []
    const start = issuedAt - moment.hour * hourMs + 3 * dayMs
    return plan.sites.flatMap(({ site, visitsPerDay }, place) =>
      plan.entries.flatMap(({ product }, index) => {
        const price = visitsPerDay > 0 ? discount(seed, place, index, moment.day + 3) : 1
        if (price === 1) return []
        return [
          {
            ...{ signal: 'discount', site: site.id, product: product.id, start },
            ...{ end: start + 4 * dayMs, values: [price], issuedAt, words: null },
          },
        ]
      }),
    )
  }

  function readInterest({ plan, seed }: CityContext, issuedAt: number): readonly CityIssue[] {
    return plan.sites.flatMap(({ site, visitsPerDay }, place) => {
      if (visitsPerDay === 0) return []
      const values = Array.from({ length: interestHours }, (_, hour) =>
        round(interestOf(seed, place, localMoment(issuedAt + hour * hourMs, offsetMs), moment.day)),
      )
      const end = issuedAt + interestHours * hourMs
      return [
        { signal: 'interest', site: site.id, start: issuedAt, end, values, issuedAt, words: null },
      ]
    })
  }
}

/** The weather that will come, seen through an error that grows with the hours ahead; and that of this hour as it was measured. */
function forecastWeather(
  { seed, state }: CityContext,
  at: number,
  offsetMs: number,
): readonly CityIssue[] {
  const random = restoreRandom([...state.chance.weather.save()])
  const celsius: number[] = []
  const rain: number[] = []
  let weather: Weather = state.weather
  const issue = Math.round(at / hourMs)
  const tilt = 2 * chanceOf(seed, 0x3e1, issue) - 1
  for (let ahead = 0; ahead < weatherHours; ahead++) {
    if (ahead > 0) weather = nextWeather(weather, at + ahead * hourMs, offsetMs, random)
    const error = tilt + (2 * chanceOf(seed, 0x3e2, issue, ahead) - 1)
    celsius.push(round(weather.celsius + error * Math.min(2.5, 0.3 + 0.08 * ahead)))
    const blur = chanceOf(seed, 0x3e3, issue, ahead) * Math.min(0.6, 0.02 * ahead)
    rain.push(round(heavyRainMm * ((1 - blur) * weather.rain + blur * 0.1)))
  }
  const ahead = { start: at, end: at + weatherHours * hourMs, issuedAt: at, words: null }
  const measured = {
    ...{ basis: 'measured' as const, start: at - hourMs, end: at, issuedAt: at, words: null },
  }
  return [
    { signal: 'weather-temperature', ...ahead, values: celsius },
    { signal: 'weather-precipitation', ...ahead, values: rain },
    { signal: 'weather-temperature', ...measured, values: [round(state.weather.celsius)] },
    {
      signal: 'weather-precipitation',
      ...measured,
      values: [round(heavyRainMm * state.weather.rain)],
    },
  ]
}

const round = (value: number): number => Math.round(value * 100) / 100
