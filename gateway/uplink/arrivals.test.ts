import { describe, expect, it } from 'vitest'
import { hourMs, minuteMs } from '../../domain/index.ts'
import { createArrivals } from './arrivals.ts'

const open = (before: Parameters<typeof createArrivals>[0]['before'] = { runMs: 0, marks: [] }) => {
  const time = { now: 500 }
  return { time, arrivals: createArrivals({ monotonic: { now: () => time.now }, before }) }
}

describe('arrivals', () => {
  it('tell how long ago a message came, to a tenth of a second while it is new', () => {
    const { time, arrivals } = open()
    for (let position = 1; position <= 500; position++) {
      arrivals.reached(position)
      time.now += 20
    }
    for (const position of [1, 77, 250, 500]) {
      const age = (501 - position) * 20
      expect(arrivals.ageMs(position)).toBeGreaterThan(age - 1)
      expect(arrivals.ageMs(position)).toBeLessThanOrEqual(age + 100)
    }
    expect(arrivals.ageMs(501)).toBe(0)
  })

  it('call nothing older than it is, through days of marks thinned out, and keep few of them', () => {
    const { time, arrivals } = open()
    const perMinute = 60
    for (let minute = 0; minute < 80 * 60; minute++) {
      for (let part = 0; part < 6; part++) {
        time.now += 10_000
        arrivals.reached(minute * perMinute + (part + 1) * 10)
      }
    }
    expect(arrivals.marks().length).toBeLessThan(1500)
    for (const hours of [1, 10, 72]) {
      const position = arrivals.olderThan(hours * hourMs)
      const came = ((80 * 60 * perMinute - position) / perMinute) * minuteMs
      expect(came).toBeGreaterThanOrEqual(hours * hourMs)
      expect(came).toBeLessThan(hours * hourMs + 11 * minuteMs)
    }
    expect(arrivals.olderThan(81 * hourMs)).toBe(0)
  })

  it('go on after a restart without the time in between', () => {
    const first = open()
    first.arrivals.reached(10)
    first.time.now += hourMs
    first.arrivals.reached(20)
    const second = open({ runMs: first.arrivals.runMs(), marks: first.arrivals.marks() })
    second.arrivals.reached(25)
    expect(second.arrivals.end()).toBe(25)
    second.time.now += hourMs / 2
    expect(second.arrivals.olderThan(hourMs)).toBe(10)
    expect(second.arrivals.olderThan(hourMs / 2)).toBe(25)
    expect(second.arrivals.ageMs(5)).toBe(1.5 * hourMs)
  })
})
