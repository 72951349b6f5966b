import { expect, test } from 'vitest'
import { hourMs } from '../../domain/index.ts'
import { createDriftAlarms } from './drift-alarms.ts'
import type { Finding } from './drift.ts'

const mover = { site: 's1', product: 'milk', words: 's1, milk: 2.0 times what was forecast came' }

/** One look an hour: `d` drift, `b` between, `q` quiet. Answers `hour+` for raised and `hour-` for cleared. */
function looks(verdicts: string, key = 'demand', alarms = createDriftAlarms()): readonly string[] {
  return verdicts.split('').flatMap((letter, hour) => {
    const verdict = letter === 'd' ? 'drift' : letter === 'b' ? 'between' : 'quiet'
    const site = key.split('.')[1] ?? null
    const finding: Finding = { key, site, verdict, words: 'forecasts are 30 % too low' }
    const context = { at: hour * hourMs, who: 'Demand by v1', moverOf: () => mover }
    return alarms
      .look([finding], context)
      .map((event) => `${hour}${event.raised ? '+' : '-'} ${event.site}/${event.product ?? ''}`)
  })
}

test('six looks in a row raise it, twelve quiet ones in a row clear it', () => {
  expect(looks('d'.repeat(5) + 'q'.repeat(9))).toEqual([])
  expect(looks('d'.repeat(9) + 'q'.repeat(30))).toEqual(['5+ s1/milk', '20- s1/milk'])
})

test('what goes to and fro around its limits does not flap', () => {
  expect(looks('dq'.repeat(40))).toEqual([])
  expect(looks('d'.repeat(6) + 'bd'.repeat(20) + 'qb'.repeat(20))).toEqual(['5+ s1/milk'])
})

test('one store alone is an alarm of that store', () => {
  expect(looks('d'.repeat(7), 'demand.s1')).toEqual(['5+ s1/'])
})

test('an alarm of before a restart is cleared like any other', () => {
  const alarms = createDriftAlarms()
  alarms.adopt('demand', { site: 's2', product: 'rice' })
  expect(looks('q'.repeat(12), 'demand', alarms)).toEqual(['11- s2/rice'])
})
