import { expect, test } from 'vitest'
import { dayMs, hourMs, readContextIssue } from '../../domain/index.ts'
import { createCity } from './city.ts'
import type { CityIssue } from './city-event.ts'
import { crowdEffect, crowdOf, interestOf } from './outside.ts'

const startAt = Date.parse('2026-11-16T16:00:00+08:00')
const city = createCity({ seed: 3, startAt, size: 'small', historyDays: 14 })
const past = [...city.history().context()]
const weeks = city.step(startAt + 2 * dayMs)
const live = weeks.flatMap((event) => (event.type === 'context' ? [event.issue] : []))
const of = (signal: string, issues: readonly CityIssue[] = past): readonly CityIssue[] =>
  issues.filter((issue) => issue.signal === signal)

test('what is said outside can be read, and is known before it begins but for what is measured', () => {
  for (const issue of [...past, ...live]) {
    readContextIssue({ ...issue }, issue.issuedAt)
    if (issue.basis === 'measured') expect(issue.end).toBe(issue.issuedAt)
    else expect(issue.start).toBeGreaterThanOrEqual(issue.issuedAt)
  }
  for (const signal of ['weather-temperature', 'weather-precipitation', 'interest', 'discount'])
    expect(of(signal).length, signal).toBeGreaterThan(2)
  expect(past.every(({ issuedAt }) => issuedAt <= startAt)).toBe(true)
  expect(live.every(({ issuedAt }) => issuedAt > startAt)).toBe(true)
})

test('an offer that was announced is the price of those days', () => {
  for (const { site, product, start, values } of of('discount')) {
    expect(values[0]).toBeLessThan(1)
    expect(city.discount(site!, product!, start + hourMs)).toBe(values[0])
    expect(city.discount(site!, product!, start - hourMs)).toBe(1)
  }
})

test('a weather forecast is near what comes, the nearer the sooner it comes, and never quite it', () => {
  const all = of('weather-temperature')
  const came = new Map(
    all.filter(({ basis }) => basis === 'measured').map(({ end, values }) => [end, values[0]!]),
  )
  const errors = (ahead: number): readonly number[] =>
    all.flatMap(({ basis, start, values }) => {
      const measured = came.get(start + ahead * hourMs)
      return basis === 'measured' || measured === undefined
        ? []
        : [Math.abs(values[ahead]! - measured)]
    })
  const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length
  expect(errors(6).length).toBeGreaterThan(20)
  expect(mean(errors(6))).toBeGreaterThan(0.05)
  expect(mean(errors(6))).toBeLessThan(1.5)
  expect(mean(errors(42))).toBeGreaterThan(mean(errors(6)))
})

test('talk that flares up tomorrow is not known today', () => {
  const place = Array.from({ length: 400 }, (_, day) => day).find(
    (day) => interestOf(3, 0, { day, hour: 0 }) > interestOf(3, 0, { day: day - 1, hour: 23 }),
  )!
  expect(interestOf(3, 0, { day: place, hour: 0 }, place - 1)).toBeLessThan(
    interestOf(3, 0, { day: place, hour: 0 }),
  )
})

test('an event brings people while it lasts', () => {
  const day = Array.from({ length: 60 }, (_, at) => at).find((at) => crowdOf(3, 0, at) !== null)!
  const crowd = crowdOf(3, 0, day)!
  expect(crowdEffect(crowd, crowd.startHour)).toBeCloseTo(1 + crowd.people / 2400)
  expect(crowdEffect(crowd, crowd.startHour - 1)).toBe(1)
  expect(crowdEffect(crowd, crowd.startHour + crowd.hours)).toBe(1)
})
