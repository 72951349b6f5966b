import type { Random } from '../../domain/index.ts'
import { normal } from './chance.ts'

export interface Weather {
  readonly celsius: number
  /** 0 dry to 1 heavy. */
  readonly rain: number
  /** Departure of the temperature from the season and the hour. */
  readonly anomaly: number
}

export function startWeather(at: number, offsetMs: number): Weather {
  return { celsius: normalCelsius(at, offsetMs), rain: 0, anomaly: 0 }
}

/** Shanghai in rough terms: 4 C in January to 29 C in July, 6 C between night and afternoon. */
function normalCelsius(at: number, offsetMs: number): number {
  const local = new Date(at + offsetMs)
  const dayOfYear = (local.getTime() - Date.UTC(local.getUTCFullYear(), 0, 1)) / 86_400_000
  const season = 16.5 - 12.5 * Math.cos((2 * Math.PI * (dayOfYear - 20)) / 365.25)
  return season + 3 * Math.cos((2 * Math.PI * (local.getUTCHours() - 15)) / 24)
}

/** One hour on: the anomaly is an AR(1) of about two days' memory; rain comes and goes in spells of some hours. */
export function nextWeather(
  before: Weather,
  at: number,
  offsetMs: number,
  random: Random,
): Weather {
  const anomaly = 0.98 * before.anomaly + 0.6 * normal(random)
  const chance = random.next()
  const strength = random.next()
  const rain =
    before.rain > 0
      ? chance < 0.22
        ? 0
        : Math.min(1, Math.max(0.1, before.rain + 0.4 * (strength - 0.5)))
      : chance < 0.035
        ? 0.2 + 0.8 * strength
        : 0
  return { celsius: normalCelsius(at, offsetMs) + anomaly - 2 * rain, rain, anomaly }
}
