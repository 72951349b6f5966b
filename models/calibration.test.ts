import { expect, test } from 'vitest'
import { quantileLevels } from '../domain/index.ts'
import { createRandom } from '../runtime/index.ts'
import { calibrate, fitCalibration, type HeldOutWindows } from './calibration.ts'
import { emptyBatch } from './forecast-batch.ts'
import { scoreRows } from './scores.ts'

const levels = quantileLevels.length

/** Amounts that are exponential with the mean `size`, forecast as if it were `size * wrong(size)`. */
function makeWindows(options: {
  readonly days: number
  readonly perDay: number
  readonly wrong: (size: number) => number
  readonly dayShock?: (day: number) => number
}): HeldOutWindows {
  const random = createRandom(3)
  const count = options.days * options.perDay
  const windows = {
    amount: new Float32Array(count),
    mean: new Float32Array(count),
    quantiles: new Float32Array(count * levels),
    day: new Int32Array(count),
    step: 0,
  }
  for (let i = 0; i < count; i++) {
    const day = Math.floor(i / options.perDay)
    const size = Math.exp(random.next() * 3)
    const said = size * options.wrong(size)
    windows.amount[i] = -Math.log(1 - random.next()) * size * (options.dayShock?.(day) ?? 1)
    windows.mean[i] = said
    for (let k = 0; k < levels; k++) {
      windows.quantiles[i * levels + k] = -Math.log(1 - quantileLevels[k]!) * said
    }
    windows.day[i] = day
  }
  return windows
}

function calibrated(windows: HeldOutWindows): HeldOutWindows {
  const fitted = fitCalibration(windows)
  const batch = emptyBatch(0, windows.amount.length)
  batch.answered.fill(1)
  batch.mean.set(windows.mean)
  batch.quantiles.set(windows.quantiles)
  if (fitted) calibrate(batch, fitted.calibration)
  return { ...windows, mean: batch.mean, quantiles: batch.quantiles }
}

const scored = (windows: HeldOutWindows): ReturnType<typeof scoreRows> =>
  scoreRows({
    ...windows,
    series: new Int32Array(windows.amount.length),
    site: new Int32Array(windows.amount.length),
  })

test('a forecast that is off by another factor for small and for large is set right for both', () => {
  const wrong = (size: number): number => 0.8 + 0.15 * Math.log(size)
  const before = makeWindows({ days: 84, perDay: 150, wrong })
  const after = calibrated(before)
  expect(Math.abs(scored(before).wpe)).toBeGreaterThan(0.05)
  expect(Math.abs(scored(after).wpe)).toBeLessThan(0.04)
  scored(after).coverage.forEach((share, k) => {
    expect(Math.abs(share - quantileLevels[k]!)).toBeLessThan(0.035)
  })
  expect(scored(after).wql).toBeLessThan(scored(before).wql)
})

test('of what a week says a quarter is believed', () => {
  const fitted = fitCalibration(makeWindows({ days: 7, perDay: 5000, wrong: () => 1.25 }))!
  for (const factor of fitted.calibration.factors.at(-1)!)
    expect(Math.abs(factor - 0.8 ** 0.25)).toBeLessThan(0.01)
})

test('a forecast that is right stays as it is', () => {
  const before = makeWindows({ days: 7, perDay: 1000, wrong: () => 1 })
  const after = calibrated(before)
  after.mean.forEach((mean, i) => {
    expect(Math.abs(mean / before.mean[i]! - 1)).toBeLessThan(0.03)
  })
})

test('a surprise of one day corrects nothing, since it does not help on the others', () => {
  const windows = makeWindows({
    ...{ days: 7, perDay: 1000, wrong: () => 1 },
    dayShock: (day) => (day === 3 ? 1.6 : 1),
  })
  const fitted = fitCalibration(windows)
  for (const row of fitted?.calibration.factors ?? []) {
    for (const factor of row) expect(Math.abs(factor - 1)).toBeLessThan(0.05)
  }
})

test('calibrated quantiles never cross, even where the factors of two levels would swap them', () => {
  const batch = emptyBatch(0, 3)
  batch.answered.fill(1)
  batch.mean.set([0, 2, 50])
  batch.quantiles.set(Array.from({ length: 3 * levels }, (_, at) => (at % levels) + 1))
  const factors = Array.from({ length: levels + 1 }, (_, k) => (k % 2 === 0 ? [3, 2] : [0.1, 0.5]))
  calibrate(batch, { sizes: [0, 2], factors, trust: [] })
  for (let at = 0; at < batch.quantiles.length; at++) {
    if (at % levels > 0)
      expect(batch.quantiles[at]).toBeGreaterThanOrEqual(batch.quantiles[at - 1]!)
  }
})

test('two days, or a few windows, are too little to calibrate on', () => {
  const wrong = (): number => 0.5
  expect(fitCalibration(makeWindows({ days: 2, perDay: 2000, wrong }))).toBeNull()
  expect(fitCalibration(makeWindows({ days: 7, perDay: 20, wrong }))).toBeNull()
})
