import { expect, test } from 'vitest'
import { createRandom } from '../../runtime/index.ts'
import { dropInputs } from './input-dropout.ts'

test('the share asked for goes missing, the sum is kept on average, and the last inputs are left alone', () => {
  const rows = new Float32Array(1000 * 50).fill(1)
  dropInputs(rows, 50, { share: 0.3, inputs: 40, random: createRandom(5) })
  let missing = 0
  let sum = 0
  for (let row = 0; row < 1000; row++) {
    for (let i = 0; i < 50; i++) {
      const value = rows[row * 50 + i]!
      if (i >= 40) expect(value).toBe(1)
      else {
        missing += value === 0 ? 1 : 0
        sum += value
      }
    }
  }
  expect(missing / 40_000).toBeCloseTo(0.3, 1)
  expect(sum / 40_000).toBeCloseTo(1, 1)
})

test('each input goes missing as often as any other, each time another one, and the same seed drops the same', () => {
  const drop = (seed: number): Float32Array => {
    const rows = new Float32Array(4000 * 20).fill(1)
    dropInputs(rows, 20, { share: 0.25, inputs: 20, random: createRandom(seed) })
    return rows
  }
  const rows = drop(1)
  for (let i = 0; i < 20; i++) {
    let missing = 0
    for (let row = 0; row < 4000; row++) missing += rows[row * 20 + i] === 0 ? 1 : 0
    expect(Math.abs(missing / 4000 - 0.25)).toBeLessThan(0.03)
  }
  expect(drop(1)).toEqual(rows)
  expect(drop(2)).not.toEqual(rows)
})
