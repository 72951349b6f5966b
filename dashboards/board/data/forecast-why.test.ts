import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addUpWhy } from './forecast-why.ts'

const part = (words: string, units: number) => ({ group: 'discount' as const, words, units })

test('the usual amount, what moved it and everything else are said with their signs', () => {
  const parts = [part('20 % off', 3.14), part('6.0 mm of rain', -1.4), part('no event', 0.04)]
  expect(addUpWhy({ usual: 14.2, parts, rest: 0.72, mean: 16.7 })).toEqual({
    usual: '14.2',
    steps: [
      { words: '20 % off', units: '+3.1', direction: 'more' },
      { words: '6.0 mm of rain', units: '−1.4', direction: 'less' },
      { words: 'everything else', units: '+0.8', direction: 'more' },
    ],
    mean: '16.7',
  })
})

test('what is shown always adds up', () => {
  const units = fc.double({ min: -50, max: 50, noNaN: true })
  fc.assert(
    fc.property(units, units, fc.array(units, { maxLength: 3 }), (usual, mean, changes) => {
      const shown = addUpWhy({ usual, mean, rest: 0, parts: changes.map((x) => part('x', x)) })
      const numbers = [shown.usual, ...shown.steps.map((one) => one.units)].map((one) =>
        Number(one.replace('−', '-')),
      )
      const sum = numbers.reduce((total, number) => total + number, 0)
      expect(sum).toBeCloseTo(Number(shown.mean.replace('−', '-')), 6)
    }),
  )
})
