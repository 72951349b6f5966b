import { expect, test } from 'vitest'
import type { History } from '../forecaster.ts'
import { learnLayout } from './layout.ts'

function historyOf(regions: number): History {
  return {
    ...{ target: 'demand', from: 0, hours: 24 },
    series: Array.from({ length: regions }, (_, s) => ({
      ...{ site: `s${s}`, product: 'milk', device: null, timeZone: 'UTC' },
      statics: { region: `r${s}` },
      value: new Float32Array(24).fill(1),
      outMinutes: new Uint8Array(24),
      known: {
        discount: { hoursPerStep: 24, values: Float32Array.of(1) },
        weatherTemperature: { hoursPerStep: 24, values: Float32Array.of(20) },
      },
    })),
  }
}

test('the weather is an input only where many regions tell it apart from the day', () => {
  const layoutOf = (regions: number): readonly string[] =>
    learnLayout(historyOf(regions), 24, () => 0).known
  expect(layoutOf(9)).toEqual(['discount'])
  expect(layoutOf(50)).toEqual(['discount', 'weatherTemperature'])
})
