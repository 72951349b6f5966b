import { expect, test } from 'vitest'
import { dayMs, hourMs, type ModelScore } from '../../domain/index.ts'
import { silentLogger } from '../../runtime/index.ts'
import { createSqliteOperationsStore, type OperationsStore } from '../../store/index.ts'
import {
  makeSyntheticHistory,
  syntheticOrigin,
  syntheticStart,
} from '../../test/models/synthetic-history.ts'
import { backtest, scoreForecasters } from '../backtest.ts'
import { baselines } from '../baselines/index.ts'
import { smoothed, smoothingSettings } from '../baselines/smoothed.ts'
import { learnLayout, localHours } from '../features/index.ts'
import { answerRound } from '../forecast-round.ts'
import type { Forecaster, History } from '../forecaster.ts'
import type { ServerInUse, Serving } from '../serving.ts'
import { createWatch } from './create-watch.ts'
import { stabilityIndex } from './drift.ts'
import { createPendingWindows } from './pending-windows.ts'

/** Knows the weekdays, as a network would. */
const forecaster: Forecaster = {
  name: 'net',
  forecast: (history, at) => smoothed(history, at, { ...smoothingSettings, weekdayWeeks: 0.5 }),
}

/** The last 29 days before an hour, as a round reads them. */
function before(history: History, at: number): History {
  const end = Math.round((at - history.from) / hourMs)
  const start = Math.max(0, end - 29 * 24)
  return {
    ...history,
    from: history.from + start * hourMs,
    hours: end - start,
    series: history.series.map((series) => ({
      ...series,
      value: series.value.subarray(start, end),
      outMinutes: series.outMinutes.subarray(start, end),
    })),
  }
}

/** Hourly rounds of a week, from the 42nd day on, under a version that was trained until then, as after a restart. */
async function runWeek(
  history: History,
  days = 7,
  store?: OperationsStore,
): Promise<OperationsStore> {
  const operations = store ?? (await createSqliteOperationsStore({ file: ':memory:' }))
  const until = 42 * 24
  const report = backtest(
    history,
    [{ ...forecaster, name: 'model' }, ...baselines],
    [35, 36, 37, 38, 39, 40, 41].map((day) => syntheticOrigin(day, 8)),
    { seed: 1 },
  )
  const layout = learnLayout(history, until, localHours(history, syntheticStart))
  const server = {
    ...{ forecaster, version: 'net-1', label: 'proven', reason: '', model: { report, layout } },
  } as unknown as ServerInUse
  const serving = { get: () => server, shadow: () => null } as unknown as Serving
  const watch = createWatch({ operations, serving, registry: {} as never, logger: silentLogger })
  for (let hour = 0; hour < days * 24; hour++) {
    const at = syntheticOrigin(42, hour)
    const now = before(history, at)
    await watch.settle(now)
    watch.record(now, answerRound(now, at, server), new Uint8Array(now.series.length).fill(1))
  }
  return operations
}

const city = makeSyntheticHistory({ sites: 6, products: 3, days: 50, seed: 21 })

test('scores of hours as they complete are those of a backtest, in stock only, the others counted apart', async () => {
  const operations = await runWeek(city, 3)
  const scores = (await operations.modelScores({})).filter(({ model }) => model === 'net-1')
  const origins = Array.from({ length: 3 * 24 - 13 }, (_, hour) => syntheticOrigin(42, hour))
  const [expected] = scoreForecasters(city, [forecaster], origins)
  const total = (name: keyof ModelScore): number =>
    scores.reduce((sum, one) => sum + Number(one[name]), 0)
  expect(total('windows')).toBe(expected!.scores.windows)
  expect(total('windows') + total('censored')).toBe(origins.length * city.series.length)
  expect(total('loss') / total('amount')).toBeCloseTo(expected!.scores.wql, 4)
  expect(total('mean') / total('amount') - 1).toBeCloseTo(expected!.scores.wpe, 4)
  expect(total('below90') / total('windows')).toBeCloseTo(expected!.scores.coverage[6]!, 6)
  await operations.close()
})

test('a quiet city raises no alarm within a week', async () => {
  const operations = await runWeek(city)
  expect((await operations.list('alarms', { limit: 9 })).items).toEqual([])
  await operations.close()
})

test('demand that doubles raises one alarm that names the series that moved most', async () => {
  const from = 43 * 24
  const until = 49 * 24
  const shifted: History = {
    ...city,
    series: city.series.map((series) => ({
      ...series,
      value: series.value.map((amount, hour) =>
        hour >= from && hour < until ? amount * (series.product === 'p1' ? 4 : 2) : amount,
      ),
    })),
  }
  const operations = await runWeek(shifted)
  const { items } = await operations.list('alarms', { type: 'model-drift', limit: 99 })
  const ofCity = items.filter(({ product }) => product !== null)
  expect(ofCity).toHaveLength(1)
  expect(ofCity[0]).toMatchObject({ kind: 'model-drift', product: 'p1', severity: 'warning' })
  expect(ofCity[0]!.words).toMatch(/too low.*moved most at s\d, p1: .*larder models/)
  expect(ofCity[0]!.raisedAt - syntheticOrigin(43, 0)).toBeLessThan(4 * dayMs)
  await operations.close()
}, 20_000)

test('four times the people that were foreseen raise one alarm, which a restart does not take for one of demand', async () => {
  const people = makeSyntheticHistory({ sites: 6, products: 1, days: 50, seed: 22 })
  const isMore = (hour: number): boolean => hour >= 43 * 24 && hour < 49 * 24
  const many: History = {
    ...people,
    target: 'footfall',
    series: people.series.map((series, s) => ({
      ...{ ...series, product: null, statics: {}, outMinutes: new Uint8Array(people.hours) },
      value: series.value.map((entered, hour) =>
        isMore(hour) ? entered * (s === 4 ? 60 : 20) : entered * 5,
      ),
    })),
  }
  const operations = await runWeek(many)
  const drifts = async () =>
    (await operations.list('alarms', { type: 'model-drift', limit: 9 })).items
  const [alarm, ...others] = await drifts()
  expect(others).toEqual([])
  expect(alarm).toMatchObject({ kind: 'model-drift', severity: 'warning', product: null })
  expect(alarm!.words).toMatch(
    /^Footfall by net-1: .*moved most at s4: [\d.]+ times what was forecast .*larder/,
  )
  expect(alarm!.raisedAt - syntheticOrigin(43, 0)).toBeLessThan(4 * dayMs)

  await runWeek(city, 5, operations)
  expect(await drifts()).toEqual([alarm])
  await operations.close()
}, 20_000)

test('a window is scored once, and a forecast made again takes the place of the first', () => {
  const windows = createPendingWindows()
  const at = syntheticOrigin(42, 6)
  const issued = new Uint8Array(city.series.length).fill(1)
  const round = answerRound(before(city, at), at, null)
  windows.record(before(city, at), at, [{ model: 'a', batch: round.served }], issued)
  windows.record(before(city, at), at, [{ model: 'b', batch: round.served }], issued)
  expect(windows.settle(before(city, at + 12 * hourMs)).scores).toEqual([])
  const { scores } = windows.settle(before(city, at + 13 * hourMs))
  expect(new Set(scores.map(({ model }) => model))).toEqual(new Set(['b']))
  expect(windows.settle(before(city, at + 13 * hourMs)).scores).toEqual([])
})

test('the stability index is zero for the same shares and its own definition for others', () => {
  expect(stabilityIndex([1, 3], [2, 6])).toBe(0)
  const index = (0.5 - 0.25) * Math.log(2) + (0.5 - 0.75) * Math.log(0.5 / 0.75)
  expect(stabilityIndex([1, 3], [2, 2])).toBeCloseTo(index, 9)
})
