import { expect, test } from 'vitest'
import type { ModelScore } from '../../domain/index.ts'
import { judgeShadow } from './judge-shadow.ts'

const days = ['20', '21', '22', '23'].map((day) => `2026-11-${day}`)
const row = (model: string, site: string, day: string, loss: number): ModelScore => ({
  ...{ target: 'demand', model, site, day, windows: 40, censored: 0, amount: 100, mean: 100 },
  ...{ absolute: 10, loss, below10: 4, below50: 20, below90: 36 },
})
/** Six stores whose own noise both forecasters share. */
const scoresOf = (shadowLoss: number, of = days): readonly ModelScore[] =>
  of.flatMap((day, d) =>
    Array.from({ length: 6 }, (_, s) => {
      const noise = 1 + 0.1 * ((s * 7 + d * 3) % 5)
      return [
        row('serving', `s${s}`, day, 20 * noise),
        row('shadow', `s${s}`, day, shadowLoss * noise + 0.1 * (s % 2)),
        row('smoothed-28d', `s${s}`, day, 24 * noise),
      ]
    }).flat(),
  )
const [shadow, serving] = [{ version: 'shadow' }, { version: 'serving' }]

test('a shadow that was better than what serves and than the baselines serves, with the reason', () => {
  expect(judgeShadow(scoresOf(19), shadow, serving)).toMatch(
    /4\.\d % better than the serving version serving \(.*better than smoothed-28d .*in the shadow, on 960 windows of 4 days/,
  )
})

test('one that was not, or not for long enough, does not', () => {
  expect(judgeShadow(scoresOf(20), shadow, serving)).toBeNull()
  expect(judgeShadow(scoresOf(19, days.slice(1)), shadow, serving)).toBeNull()
})

test('days on which the two were not scored on the same windows are left out', () => {
  const scores = scoresOf(19).map((one) =>
    one.model === 'serving' ? { ...one, windows: one.windows + 1 } : one,
  )
  expect(judgeShadow(scores, shadow, serving)).toBeNull()
})
