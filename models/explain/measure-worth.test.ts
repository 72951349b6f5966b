import { expect, test } from 'vitest'
import { hourMs, quantileLevels } from '../../domain/index.ts'
import { emptyBatch } from '../forecast-batch.ts'
import type { Forecaster, History, SeriesHistory } from '../forecaster.ts'
import { describeWorth, measureWorth } from './measure-worth.ts'

const levels = quantileLevels.length
const hours = 60
const from = Date.UTC(2026, 0, 5)

/** One an hour, and two in the last 24 hours, which are at half price. */
const series = (site: string): SeriesHistory => ({
  ...{ site, product: 'milk', device: null, timeZone: 'UTC', statics: {} },
  value: Float32Array.from({ length: hours }, (_, hour) => (hour < 36 ? 1 : 2)),
  outMinutes: new Uint8Array(hours),
  known: {
    discount: {
      hoursPerStep: 1,
      values: Float32Array.from({ length: hours + 12 }, (_, hour) => (hour < 36 ? 1 : 0.5)),
    },
    weatherWind: { hoursPerStep: 24, values: Float32Array.of(3, 9, 4) },
  },
})
const history: History = { target: 'demand', from, hours, series: ['a', 'b'].map(series) }

/** Knows all, as long as it is told the price: a sure 12 or 24. */
const seer: Forecaster = {
  name: 'seer',
  forecast(given, originAt) {
    const origin = Math.round((originAt - from) / hourMs)
    const batch = emptyBatch(originAt, given.series.length)
    given.series.forEach(({ known }, s) => {
      const total = (known.discount?.values[origin] ?? 1) < 1 ? 24 : 12
      batch.answered[s] = 1
      batch.mean[s] = total
      batch.quantiles.fill(total, s * levels, (s + 1) * levels)
    })
    return batch
  },
}

test('a signal is worth what the same windows score worse without it, and one that is not used is worth nothing', () => {
  const origins = [from + 24 * hourMs, from + 36 * hourMs]
  const report = measureWorth(history, seer, origins, { seed: 1 })
  expect(report).toMatchObject({ windows: 4, origins: 2, wql: 0 })
  const [discount, weather, wind, all] = report.signals
  // Without the price it says 12 of 24, in half of the windows: 2 x 12 x mean(.1 .5 .9) over a mean amount of 18.
  const lost = (12 * 2 * 0.5) / (12 + 24)
  expect(discount).toMatchObject({ signal: 'discount', inputs: ['discount'] })
  expect(discount!.wqlWithout).toBeCloseTo(lost, 6)
  expect(discount!.worth.difference).toBeCloseTo(lost, 6)
  expect(discount!.worth.low).toBeCloseTo(lost, 6)
  expect(weather).toMatchObject({ signal: 'weather', worth: { difference: 0, low: 0, high: 0 } })
  expect(wind).toMatchObject({ signal: 'weather: wind' })
  expect(all!.worth.difference).toBeCloseTo(lost, 6)
  expect(report.unknown).toContain('events')
})

test('a report says that it switches off at forecast time, and where events and social interest are', () => {
  const words = describeWorth(measureWorth(history, seer, [from + 24 * hourMs], { seed: 1 }))
  expect(words).toContain('A model trained without the signal would lose less')
  expect(words).toContain('only the simulated city')
})
