import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createEventQueue } from './event-queue.ts'

test('events come out by time, and those of one time in the order they went in', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 20 })), (times) => {
      const queue = createEventQueue<{ index: number }>()
      for (const [index, at] of times.entries()) queue.push(at, { index })
      const restored = createEventQueue<{ index: number }>(queue.save())
      const drain = (one: typeof queue): (readonly [number, number])[] => {
        const out: (readonly [number, number])[] = []
        for (let next = one.pop(100); next; next = one.pop(100)) out.push([next.at, next.index])
        return out
      }
      const expected = times
        .map((at, index) => [at, index] as const)
        .sort((a, b) => a[0] - b[0] || a[1] - b[1])
      expect(drain(restored)).toEqual(expected)
      expect(drain(queue)).toEqual(expected)
    }),
  )
})

test('nothing comes before its time', () => {
  const queue = createEventQueue<{ name: string }>()
  queue.push(10, { name: 'late' })
  expect(queue.pop(9)).toBeNull()
  expect(queue.pop(10)?.name).toBe('late')
})
