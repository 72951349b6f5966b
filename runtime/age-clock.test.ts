import { expect, it } from 'vitest'
import { dayMs, hourMs, minuteMs } from '../domain/index.ts'
import { createAgeClock } from './age-clock.ts'

const start = Date.UTC(2026, 9, 25)

function setUp(options: { speed?: number; newestAt?: number | null } = {}) {
  const time = { clock: start, passed: 0 }
  const age = createAgeClock({
    clock: { now: () => time.clock },
    passedMs: () => time.passed,
    ...{ speed: 1, newestAt: null, ...options },
  })
  const pass = (ms: number, speed = 1): number => {
    time.passed += ms
    time.clock += ms * speed
    return age.now()
  }
  return { time, age, pass }
}

it('goes with a clock that goes evenly, also where that runs fast', () => {
  const { time, pass } = setUp()
  for (let minute = 0; minute < 100; minute++) expect(pass(minuteMs)).toBe(time.clock)
  const fast = setUp({ speed: 60 })
  for (let minute = 0; minute < 100; minute++) expect(fast.pass(minuteMs, 60)).toBe(fast.time.clock)
})

it.each([dayMs, 3650 * dayMs])('does not go along with a jump of %i ms ahead', (jump) => {
  const { time, age, pass } = setUp()
  time.clock += jump
  expect(age.now()).toBe(start)
  expect(pass(hourMs)).toBeLessThan(start + 1.2 * hourMs)
  time.clock -= jump
  expect(pass(hourMs)).toBe(time.clock)
})

it.each([start, dayMs, 3650 * dayMs])(
  'follows a jump of %i ms back, and not its mending',
  (jump) => {
    const { time, age, pass } = setUp()
    time.clock -= jump
    expect(age.now()).toBe(start - jump)
    time.clock += jump
    expect(pass(minuteMs)).toBeLessThan(start - jump + hourMs)
  },
)

it('starts at the newest message, whatever the clock says', () => {
  expect(setUp({ newestAt: start - 3650 * dayMs }).age.now()).toBe(start - 3650 * dayMs)
  expect(setUp({ newestAt: start + dayMs }).age.now()).toBe(start)
})
