import { expect, test } from 'vitest'
import { memoryPositions } from './memory-positions.contract.ts'
import { createTrailingCursor } from './trailing-cursor.ts'

const body = (text: string) => ({ bucket: 'b', body: new TextEncoder().encode(text) })
const at = (position: number, from?: number | null, partition = 0) => ({
  ...{ group: 'g', partition, position },
  ...(from === undefined ? {} : { from }),
})

function cursorAt(keepBytes = 1000) {
  const positions = memoryPositions()
  const time = { now: 0 }
  const cursor = createTrailingCursor({
    ...{ positions, trailMs: 60_000, keepBytes, now: () => time.now },
  })
  return { positions, time, cursor }
}

test('a position is kept only once what was written with it is a minute old, and the newest of those alone', async () => {
  const { positions, time, cursor } = cursorAt()
  cursor.add(at(1), [])
  time.now = 30_000
  cursor.add(at(2), [])
  time.now = 59_999
  await cursor.settle()
  expect(positions.saved).toEqual([])
  time.now = 89_999
  await cursor.settle()
  expect(positions.saved).toEqual([at(1)])
  time.now = 90_000
  await cursor.settle()
  expect(positions.saved).toEqual([at(1), at(2)])
  expect(cursor.isEmpty()).toBe(true)
})

test('what is not settled is written again in its order, and waits its minute anew', async () => {
  const { positions, time, cursor } = cursorAt()
  cursor.add(at(1), [body('one')])
  cursor.add(undefined, [body('two')])
  time.now = 60_000
  const again: string[] = []
  await cursor.rewrite(async (one) => {
    again.push(new TextDecoder().decode(one.body))
    await Promise.resolve()
  })
  expect(again).toEqual(['one', 'two'])
  await cursor.settle()
  expect(positions.saved).toEqual([])
})

test('more than fits into memory is not written again by halves: the log has to be read', async () => {
  const { cursor } = cursorAt(4)
  cursor.add(at(1), [body('one')])
  cursor.add(at(2), [body('two')])
  await expect(cursor.rewrite(() => Promise.resolve())).rejects.toMatchObject({
    code: 'RT_STORE_DAMAGED',
  })
})

test('a writer goes on from its last write, from where it went back to, and from nowhere else', async () => {
  const { positions, time, cursor } = cursorAt()
  expect(await cursor.check(at(5, null))).toBe(false)
  cursor.add(at(5, null), [])
  expect(await cursor.check(at(7, 5))).toBe(true)
  cursor.add(at(7, 5), [])
  await expect(cursor.check(at(9, 6))).rejects.toMatchObject({ code: 'RT_FENCED' })
  expect(await cursor.check(at(6, 5))).toBe(false)
  cursor.add(at(6, 5), [])
  time.now = 60_000
  await cursor.settle()
  expect(await positions.read('g')).toEqual(new Map([[0, 6]]))
})

test('a partition that another process has taken is refused when its position is kept', async () => {
  const { positions, time, cursor } = cursorAt()
  await cursor.check(at(5, null))
  cursor.add(at(5, null), [])
  await positions.save(at(8))
  time.now = 60_000
  await expect(cursor.settle()).rejects.toMatchObject({ code: 'RT_FENCED' })
})
