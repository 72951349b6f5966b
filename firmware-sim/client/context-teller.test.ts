import { expect, test } from 'vitest'
import { LarderError } from '../../domain/index.ts'
import { silentLogger } from '../../runtime/index.ts'
import type { CityIssue } from '../city/index.ts'
import { createContextTeller } from './context-teller.ts'

const issue = (hour: number): CityIssue => ({
  ...{ signal: 'event', start: hour * 3_600_000, end: (hour + 1) * 3_600_000 },
  ...{ values: [400], issuedAt: 0, words: null },
})

test('what could not be told is told later, also by the next process, and what is refused holds nothing back', async () => {
  const told: CityIssue[] = []
  let answer: LarderError | null = new LarderError('RT_NOT_READY', 'away')
  const api = {
    post: <T>(_path: string, body: unknown): Promise<T> => {
      if (answer) return Promise.reject(answer)
      told.push(...(body as { items: CityIssue[] }).items)
      return Promise.resolve({} as T)
    },
  }
  const deps = { api, runId: 'r', logger: silentLogger }
  const first = createContextTeller(deps)
  first.tell([issue(1), issue(2)])
  await first.act()
  const next = createContextTeller({ ...deps, from: JSON.parse(JSON.stringify(first.save())) })
  answer = null
  await next.act()
  expect(told).toEqual([issue(1), issue(2)])
  expect(next.save()).toEqual([])

  answer = new LarderError('RT_REQUEST_INVALID', 'no')
  next.tell([issue(3)])
  await next.act()
  answer = null
  next.tell([issue(4)])
  await next.act()
  expect(told).toEqual([issue(1), issue(2), issue(4)])
})
