import { expect, test, vi } from 'vitest'
import { createCityClock } from './city-clock.ts'
import { broadcastClock, followClock } from './clock-broadcast.ts'

const start = { wallAt: Date.now(), cityAt: 1_000_000, speed: 60 }

test('a copy made from an old anchor learns that the clock has stopped and gone on meanwhile', async () => {
  const clock = createCityClock(start)
  const broadcast = broadcastClock(clock)
  clock.setWaiting(true)
  const copy = followClock(start)
  await vi.waitFor(() => expect(copy.isWaiting()).toBe(true))
  expect(copy.anchor()).toEqual(clock.anchor())
  clock.setWaiting(false)
  await vi.waitFor(() => expect(copy.anchor()).toEqual(clock.anchor()))
  broadcast.stop()
})
