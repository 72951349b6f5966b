import { expect, test } from 'vitest'
import { createRandom } from '../../runtime/index.ts'
import type { History } from '../forecaster.ts'
import { createInputBuilder } from './build-inputs.ts'
import { hiddenFactors } from './hidden-hours.ts'
import { learnLayout } from './layout.ts'

const origin = 29 * 24 + 6
const random = createRandom(7)

/** 200 series with two pieces sold in a mean hour of the day; each day sells more or less than that, by half. */
const whole: History = {
  ...{ target: 'demand', from: 0, hours: 30 * 24 },
  series: Array.from({ length: 200 }, (_, s) => {
    const value = new Float32Array(30 * 24)
    for (let day = 0; day < 30; day++) {
      const mood = 0.5 + random.next()
      for (let hour = 6; hour < 18; hour++)
        value[day * 24 + hour] = Math.round(4 * mood * random.next())
    }
    return {
      ...{ site: `S${s % 10}`, product: `P${s % 20}`, device: null, timeZone: 'UTC' },
      ...{ statics: { region: 'north' }, known: {}, value, outMinutes: new Uint8Array(30 * 24) },
    }
  }),
}

/** The better half of the days runs dry where the shelf holds what the median day sells. */
const dry: History = {
  ...whole,
  series: whole.series.map((series) => {
    const outMinutes = new Uint8Array(30 * 24)
    const days = Array.from({ length: 30 }, (_, day) =>
      series.value.subarray(day * 24, day * 24 + 24),
    )
    const totals = days.map((day) => day.reduce((sum, amount) => sum + amount, 0))
    const held = totals.toSorted((a, b) => a - b)[15]!
    for (const [day, hours] of days.entries()) {
      let sold = 0
      const last = hours.findIndex((amount) => (sold += amount) >= held)
      if (last >= 0) outMinutes.fill(60, day * 24 + last + 1, day * 24 + 24)
    }
    return { ...series, outMinutes }
  }),
}

const layout = learnLayout(whole, origin, () => 0)
function usual(history: History): { plain: number; mended: number; factors: Float32Array } {
  const { expectation } = createInputBuilder(history, layout).at(origin * 3_600_000)
  const factors = hiddenFactors(history, origin, layout, expectation)
  const sum = (of: (s: number) => number): number =>
    history.series.reduce((total, _, s) => total + expectation.scale[s]! * of(s), 0)
  return { plain: sum(() => 1), mended: sum((s) => factors[s]!), factors }
}

test('where nothing was hidden nothing is added', () => {
  expect(new Set(usual(whole).factors)).toEqual(new Set([1]))
})

test('where the best days ran dry, some of what their mean misses comes back, never more', () => {
  const truth = usual(whole).plain
  const { plain, mended } = usual(dry)
  expect(plain / truth).toBeLessThan(0.97)
  expect(mended / plain).toBeGreaterThan(1.005)
  expect(mended / truth).toBeLessThan(1)
})

test('what comes at and after the origin changes nothing', () => {
  const later = dry.series.map((series) => ({
    ...series,
    value: series.value.slice().fill(99, origin),
    outMinutes: series.outMinutes.slice().fill(60, origin),
  }))
  expect(usual({ ...dry, series: later }).factors).toEqual(usual(dry).factors)
})
