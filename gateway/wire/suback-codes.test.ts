import { expect, it } from 'vitest'
import { createSubackCodes } from './suback-codes.ts'

const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex')
const subscribe = (id: string, filters: string): Buffer => {
  const body = hex(id + filters)
  return Buffer.concat([Buffer.from([0x82, body.length]), body])
}

it('gives every filter its code, in order, and leaves other frames as they are', () => {
  const subacks = createSubackCodes()
  const others = '40020007 9003000100'
  subacks.asked(subscribe('0005', '0001 74 01  0001 75 02  0001 74 00  0001 76 01  0001 76 01'), 2)
  expect(subacks.complete(hex(`${others} 9005 0005 00 02 80 d000`))).toEqual(
    hex(`${others} 9007 0005 01 02 00 80 80 d000`),
  )
  const again = hex('9005 0005 00 02 80')
  expect(subacks.complete(again)).toBe(again)
})

it('makes a long answer of many', () => {
  const subacks = createSubackCodes()
  const body = Buffer.concat([hex('0001'), ...Array.from({ length: 200 }, () => hex('000174 01'))])
  subacks.asked(Buffer.concat([hex('82 a206'), body]), 3)
  const answer = subacks.complete(hex('9003 0001 01'))
  expect(answer.subarray(0, 5)).toEqual(hex('90ca01 0001'))
  expect(answer).toHaveLength(205)
})

it('remembers no more of them than a client may have under way', () => {
  const subacks = createSubackCodes()
  for (let id = 1; id <= 101; id++)
    subacks.asked(subscribe(id.toString(16).padStart(4, '0'), '0001 74 00 0001 74 00'), 2)
  const [first, last] = [hex('9003 0001 00'), hex('9003 0065 00')]
  expect(subacks.complete(first)).toEqual(first)
  expect(subacks.complete(last)).toHaveLength(6)
})
