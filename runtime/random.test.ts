import { expect, test } from 'vitest'
import { createRandom, restoreRandom } from './random.ts'

test('the same seed gives the same numbers, another seed others', () => {
  const draw = (seed: number): number[] =>
    Array.from(
      { length: 5 },
      (
        (r) => () =>
          r.next()
      )(createRandom(seed)),
    )
  expect(draw(7)).toEqual(draw(7))
  expect(draw(7)).not.toEqual(draw(8))
})

test('a saved state goes on where it was', () => {
  const random = createRandom(3)
  random.next()
  const copy = restoreRandom(random.save())
  expect(copy.next()).toBe(random.next())
})
