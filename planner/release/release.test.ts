import fc from 'fast-check'
import { expect, test } from 'vitest'
import { minuteMs, type ThermalModel } from '../../domain/index.ts'
import { answerRelease } from './instance.ts'
import { planRelease, type ReleaseQuestion } from './plan-release.ts'
import { createWarming, surfaceCelsius, warmestCelsius } from './warming.ts'

const slab: ThermalModel = {
  model: 'slab',
  thicknessMm: 70,
  conductivityWmK: 0.55,
  densityKgM3: 1030,
  heatCapacityJkgK: 3900,
  filmWm2K: 8,
}
const carton: ThermalModel = {
  model: 'lumped',
  massKg: 1.03,
  areaM2: 0.0658,
  heatCapacityJkgK: 3900,
  filmWm2K: 8,
}

/** Explicit finite differences over half a plate, insulated in the middle: shares nothing with the series. */
function finiteDifferenceSurface(
  pack: ThermalModel,
  stored: number,
  air: (ms: number) => number,
  ms: number,
): number {
  const cells = 60
  const step = pack.thicknessMm! / 2000 / cells
  const capacity = pack.densityKgM3! * pack.heatCapacityJkgK * step
  const seconds = Math.min(1, (0.4 * capacity * step) / pack.conductivityWmK!)
  const cell = new Float64Array(cells + 1).fill(stored)
  const rounds = Math.ceil(ms / 1000 / seconds)
  const dt = ms / 1000 / rounds
  for (let r = 0; r < rounds; r++) {
    const ambient = air(r * dt * 1000)
    const before = cell.slice()
    for (let i = 0; i <= cells; i++) {
      const left =
        i === 0
          ? pack.filmWm2K * (ambient - before[0]!)
          : (pack.conductivityWmK! * (before[i - 1]! - before[i]!)) / step
      const right = i === cells ? 0 : (pack.conductivityWmK! * (before[i + 1]! - before[i]!)) / step
      cell[i]! += ((left + right) * dt) / (i === 0 || i === cells ? capacity / 2 : capacity)
    }
  }
  return cell[0]!
}

test('a slab of 70 mm from 4 into 25 degrees has its published surface after 30 minutes', () => {
  const warming = createWarming(slab)
  expect(warming.biot).toBeCloseTo(0.50909, 5)
  const surface = surfaceCelsius(warming, 4, [{ at: 0, celsius: 25 }], 0, 30 * minuteMs)
  expect(surface).toBeCloseTo(8.484, 4)
})

test('a lumped pack follows published cases', () => {
  const minutesTo = (limit: number): number => Math.log(21 / (25 - limit)) * 127.18
  const warming = createWarming(carton)
  for (const [limit, minutes] of [
    [7, 19.61],
    [8, 26.88],
    [10, 42.79],
  ] as const) {
    expect(minutesTo(limit)).toBeCloseTo(minutes, 1)
    expect(surfaceCelsius(warming, 4, [{ at: 0, celsius: 25 }], 0, minutes * minuteMs)).toBeCloseTo(
      limit,
      2,
    )
  }
  const steps = [
    { at: 0, celsius: 10 },
    { at: 8 * minuteMs, celsius: 28 },
  ]
  expect(surfaceCelsius(warming, 4, steps, 0, (8 + 15.03) * minuteMs)).toBeCloseTo(7, 2)

  const milk = createWarming({
    model: 'lumped',
    massKg: 1,
    areaM2: 1,
    heatCapacityJkgK: 120 / 0.002738,
    filmWm2K: 120,
  })
  expect(surfaceCelsius(milk, 3, [{ at: 0, celsius: 60 }], 0, 348_000)).toBeCloseTo(38, 1)

  const area = 4 * Math.PI * 0.0254 ** 2
  const ball = createWarming({
    model: 'lumped',
    massKg: ((7849 * 4) / 3) * Math.PI * 0.0254 ** 3,
    areaM2: area,
    heatCapacityJkgK: 460.6,
    filmWm2K: 11.36,
  })
  expect(surfaceCelsius(ball, 699.9, [{ at: 0, celsius: 394.3 }], 0, 3_600_000)).toBeCloseTo(
    474.6,
    0,
  )
})

test('the series agrees with finite differences, through steps of the air and for thick and thin packs', () => {
  for (const [thicknessMm, filmWm2K] of [
    [20, 5],
    [70, 8],
    [150, 25],
  ] as const) {
    const pack = { ...slab, thicknessMm, filmWm2K }
    const steps = [
      { at: 0, celsius: 18 },
      { at: 10 * minuteMs, celsius: 27 },
      { at: 25 * minuteMs, celsius: 12 },
    ]
    for (const minutes of [1, 9, 20, 60]) {
      const oracle = finiteDifferenceSurface(
        pack,
        4,
        (ms) => steps.filter(({ at }) => at <= ms).at(-1)!.celsius,
        minutes * minuteMs,
      )
      expect(surfaceCelsius(createWarming(pack), 4, steps, 0, minutes * minuteMs)).toBeCloseTo(
        oracle,
        1,
      )
    }
  }
})

test('the response rises smoothly from 0 to 1, also where the two formulas meet', () => {
  const warming = createWarming(slab)
  let before = 0
  for (let seconds = 1; seconds < 40_000; seconds = Math.ceil(seconds * 1.05)) {
    const now = warming.stepResponse(seconds * 1000)
    expect(now).toBeGreaterThanOrEqual(before - 1e-6)
    before = now
  }
  expect(before).toBeGreaterThan(0.85)
})

const pickUpAt = Date.UTC(2026, 10, 22, 2)
const question = (over: Partial<ReleaseQuestion>): ReleaseQuestion => ({
  thermal: slab,
  storedCelsius: 4,
  limitCelsius: 8,
  staging: [{ at: pickUpAt - 60 * minuteMs, celsius: 25 }],
  pickUpAt,
  latenessMs: 12 * minuteMs,
  handlingMs: 5 * minuteMs,
  temperFromAt: null,
  ...over,
})

test('released anywhere in its window, the surface is at or below the limit for the late customer; one minute earlier it is not', () => {
  fc.assert(
    fc.property(
      fc.record({
        limit: fc.double({ min: 5, max: 12, noNaN: true }),
        late: fc.integer({ min: 0, max: 40 }),
        airs: fc.array(fc.integer({ min: 10, max: 38 }), { minLength: 1, maxLength: 4 }),
        isSlab: fc.boolean(),
      }),
      ({ limit, late, airs, isSlab }) => {
        const asked = question({
          thermal: isSlab ? slab : carton,
          limitCelsius: limit,
          latenessMs: late * minuteMs,
          staging: airs.map((celsius, i) => ({ at: pickUpAt - (60 - 20 * i) * minuteMs, celsius })),
        })
        const plan = planRelease(asked)
        const warming = createWarming(asked.thermal)
        const worst = (at: number): number =>
          warmestCelsius(warming, 4, asked.staging, at, pickUpAt + asked.latenessMs)
        expect(plan.releaseNotAfter).toBeLessThanOrEqual(pickUpAt)
        if (!plan.feasible) {
          expect(worst(plan.releaseNotAfter)).toBeGreaterThan(limit)
          return
        }
        expect(plan.releaseNotBefore).toBeLessThanOrEqual(plan.releaseNotAfter)
        for (const at of [
          plan.releaseNotBefore,
          (plan.releaseNotBefore + plan.releaseNotAfter) / 2,
        ])
          expect(worst(at)).toBeLessThanOrEqual(limit + 1e-9)
        if (plan.binding === 'limit')
          expect(worst(plan.releaseNotBefore - minuteMs)).toBeGreaterThan(limit)
      },
    ),
    { numRuns: 40, seed: 7 },
  )
})

test('tempering starts no earlier than asked, air below the limit does not bind, goods above it are not released', () => {
  const temper = pickUpAt - 10 * minuteMs
  expect(planRelease(question({ temperFromAt: temper })).releaseNotBefore).toBe(temper)
  expect(planRelease(question({ staging: [{ at: pickUpAt, celsius: 7 }] })).binding).toBe('none')
  expect(planRelease(question({ storedCelsius: 9 })).feasible).toBe(false)
  expect(planRelease(question({ handlingMs: 50 * minuteMs }))).toMatchObject({
    feasible: false,
    binding: 'handling',
  })
})

const instance = {
  product: slab,
  storedCelsius: 4,
  limitCelsius: 8,
  staging: [{ at: '2026-11-22T09:00:00+08:00', celsius: 25 }],
  pickUpAt: '2026-11-22T10:00:00+08:00',
  latenessMinutesP90: 12,
  handlingMinutes: 5,
  temperFrom: null,
}

test('the answer keeps the offset of the question', () => {
  expect(answerRelease(instance)).toMatchObject({
    releaseNotAfter: '2026-11-22T09:55:00+08:00',
    feasible: true,
    binding: 'limit',
    model: 'slab',
  })
  const answer = answerRelease(instance)
  expect(answer.releaseNotBefore).toMatch(/^2026-11-22T09:4\d:\d\d\+08:00$/)
  expect(answer.predictedSurfaceCelsiusP90).toBeLessThanOrEqual(8)
  expect(answer.predictedSurfaceCelsiusP90).toBeGreaterThan(7.98)
})

test('an instance with several problems is told all of them', () => {
  expect(() =>
    answerRelease({ ...instance, pickUpAt: 'ten', product: { ...carton, massKg: undefined } }),
  ).toThrow(/massKg[\s\S]*"ten" is not a time/)
})
