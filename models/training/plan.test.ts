import { expect, test } from 'vitest'
import { pickOrigins, planTraining } from './plan.ts'

/** Nothing by night, most in the morning. */
const profile = [0, 0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2, 1, 1, 1, 1, 2, 2, 1, 1, 0, 0, 0, 0]

test('origins before a quiet half-day come up as seldom as the plan says, and no window reaches into the held-out days', () => {
  const history = { series: { length: 5000 } } as unknown as Parameters<typeof planTraining>[0]
  const plan = { ...planTraining(history, 60 * 24), originsPerEpoch: 40, quietShare: 1 / 8 }
  const busiest = Math.max(...profile.map((_, hour) => ahead(hour)))
  let [busy, quiet] = [0, 0]
  for (let epoch = 0; epoch < plan.epochs; epoch++) {
    const origins = pickOrigins(plan, epoch, 1, profile, 0)
    expect(new Set(origins).size).toBe(40)
    for (const origin of origins) {
      expect(origin).toBeGreaterThanOrEqual(plan.firstOrigin)
      expect(origin + 12).toBeLessThanOrEqual(plan.heldOutFrom)
      if (ahead(origin % 24) >= 0.8 * busiest) busy++
      else quiet++
    }
  }
  const busyHours = profile.filter((_, hour) => ahead(hour) >= 0.8 * busiest).length
  const expected = (24 - busyHours) / 8 / (busyHours + (24 - busyHours) / 8)
  expect(Math.abs(quiet / (busy + quiet) - expected)).toBeLessThan(0.08)
})

function ahead(hour: number): number {
  let sum = 0
  for (let j = 0; j < 12; j++) sum += profile[(hour + j) % 24]!
  return sum
}
