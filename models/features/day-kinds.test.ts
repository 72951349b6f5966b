import { expect, test } from 'vitest'
import { dayMs, hourMs } from '../../domain/index.ts'
import type { History } from '../forecaster.ts'
import { buildInputs, createInputBuilder, inputNames } from './build-inputs.ts'
import { learnLayout } from './layout.ts'

/** A Monday, midnight UTC. */
const from = Date.UTC(2026, 0, 5)
const days = 36

/** An office street: 100 an hour from 7 to 19 on working days, 10 on others. */
function streetOf(isRest: (day: number) => boolean, holidays: readonly number[]): History {
  const hours = days * 24
  const isOpen = (hour: number): boolean => hour % 24 >= 7 && hour % 24 < 19
  return {
    ...{ target: 'footfall', from, hours },
    series: ['a', 'b'].map((site) => ({
      ...{ site, product: null, device: null, timeZone: 'UTC', statics: {} },
      value: Float32Array.from({ length: hours }, (_, hour) =>
        isOpen(hour) ? (isRest(Math.floor(hour / 24)) ? 10 : 100) : 1,
      ),
      outMinutes: new Uint8Array(hours),
      known: {
        holiday: {
          hoursPerStep: 24,
          values: Float32Array.from({ length: days + 1 }, (_, day) =>
            holidays.includes(day) ? 1 : 0,
          ),
        },
      },
    })),
  }
}

const isWeekend = (day: number): boolean => day % 7 >= 5
const layoutOf = (history: History) => learnLayout(history, 28 * 24, () => 0)
const at = (day: number, hour: number): number => from + day * dayMs + hour * hourMs

test('what is usual of a working day, of a weekend and of a holiday are three things', () => {
  // Days 16 and 31 are holidays: a Wednesday and a Thursday.
  const holidays = [16, 31]
  const history = streetOf((day) => isWeekend(day) || holidays.includes(day), holidays)
  const builder = createInputBuilder(history, layoutOf(history))
  const usualAt = (day: number): number => builder.at(at(day, 8)).expectation.ahead[0]!
  expect(usualAt(30)).toBeGreaterThan(90)
  expect(usualAt(33)).toBeLessThan(20)
  expect(usualAt(31)).toBeLessThan(20)
})

test('a holiday among the days before makes no working day look quiet', () => {
  const history = streetOf((day) => isWeekend(day) || day === 29, [29])
  const layout = layoutOf(history)
  const names = inputNames(layout)
  const { rows } = buildInputs(history, at(30, 8), layout)
  for (const name of ['kindBack1', 'kindBack2', 'kindDays7', 'kindDays28']) {
    expect(Math.abs(rows[names.indexOf(name)]!), name).toBeLessThan(0.08)
  }
})

test('the hours after midnight of a Friday are those of a Saturday', () => {
  const history = streetOf(isWeekend, [])
  const { expectation } = createInputBuilder(history, layoutOf(history)).at(at(32, 22))
  // From 22:00 on: hour 9 is 7 in the morning.
  expect(expectation.ahead[9]).toBeLessThan(20)
  expect(
    createInputBuilder(history, layoutOf(history)).at(at(30, 22)).expectation.ahead[9],
  ).toBeGreaterThan(90)
})
