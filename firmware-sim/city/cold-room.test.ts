import { expect, test } from 'vitest'
import { approach, startRoom, stepRoom, targetCelsius } from './cold-room.ts'

test('a room nears its target as the closed form of Newton cooling says, in one step or in many', () => {
  // T(t) = Ta + (T0 - Ta) e^(-t/tau); 63.2 % of the way after one tau.
  expect(approach(4, 24, 14, 14)).toBeCloseTo(4 + 20 * (1 - Math.exp(-1)), 12)
  let celsius = 4
  for (let minute = 0; minute < 37; minute++) celsius = approach(celsius, 24, 1, 14)
  expect(celsius).toBeCloseTo(24 - 20 * Math.exp(-37 / 14), 9)
})

test('an open door warms a chilled room above 8 C, and shut it cools again', () => {
  const room = startRoom('chilled-1', 'chilled', 18)
  const at = Date.parse('2026-11-16T12:00:00+08:00')
  room.ajarUntil = at + 30 * 60_000
  for (let minute = 0; minute < 30; minute++) stepRoom(room, at + minute * 60_000, 18, 720 + minute)
  expect(room.celsius).toBeGreaterThan(8)
  for (let minute = 30; minute < 120; minute++)
    stepRoom(room, at + minute * 60_000, 18, 720 + minute)
  expect(room.celsius).toBeLessThan(4)
})

test('door seconds count in the minute in which they happen', () => {
  const room = startRoom('chilled-1', 'chilled', 18)
  room.openSeconds = 30
  const before = room.celsius
  stepRoom(room, 0, 18, 0)
  expect(room.celsius).toBeCloseTo(approach(before, targetCelsius('chilled', 0.5, 18, 0), 1, 14), 9)
  expect(room.openSeconds).toBe(0)
})
