import { expect, test } from 'vitest'
import { createManualClock, createMetrics, silentLogger } from '../runtime/index.ts'
import { createCityStores } from '../test/models/city-stores.ts'
import { makeSyntheticHistory, syntheticOrigin } from '../test/models/synthetic-history.ts'
import { baselines } from './baselines/index.ts'
import { createCityHistories } from './city-histories.ts'
import { createForecastHours } from './forecast-hours.ts'
import { createCounters } from './models-metrics.ts'
import type { Serving } from './serving.ts'
import type { Watch } from './watch/index.ts'

const origin = syntheticOrigin(20, 9)

test('while a site is waited for, only the sites that became ready are answered', async () => {
  const city = createCityStores(makeSyntheticHistory({ sites: 3, products: 2, days: 30, seed: 4 }))
  for (const site of ['s0', 's1', 's2']) city.watermarks.set(site, origin - 1)
  city.watermarks.set('s0', origin)
  const wall = createManualClock(0)
  const stopping = new AbortController()
  const answered: string[][] = []
  let looks = 0
  const baseline = baselines[0]!
  const forecaster = {
    name: 'counting',
    forecast: (...args: Parameters<typeof baseline.forecast>) => {
      const [{ series }, , wanted] = args
      answered.push(series.filter((_, s) => wanted?.[s] !== 0).map(({ site }) => site))
      return baseline.forecast(...args)
    },
  }
  const hours = createForecastHours({
    series: {
      watermarks: () => {
        looks++
        return city.series.watermarks()
      },
    },
    operations: city.operations,
    histories: createCityHistories(city),
    serving: {
      get: (target) =>
        target === 'demand'
          ? { forecaster, version: 'counting', label: 'proven', reason: 'It counts.' }
          : null,
      onChange: () => undefined,
    } as Partial<Serving> as Serving,
    watch: { record: () => undefined, settle: () => Promise.resolve() } satisfies Watch,
    clock: createManualClock(origin + 60_000),
    wall,
    logger: silentLogger,
    counters: createCounters(createMetrics({ withProcess: false })),
    whyNone: () => 'None is needed.',
    settings: { enabled: true, graceMinutes: 20 },
    signal: stopping.signal,
  })
  const running = hours.run().catch(() => undefined)
  const look = async (times: number): Promise<void> => {
    for (const until = looks + times; looks < until;) await wall.advanceTo(wall.now() + 250)
  }

  await look(10)
  expect([...city.forecasts.values()].map(({ site }) => site)).toEqual(['s0', 's0'])
  expect(answered).toEqual([['s0', 's0']])
  city.watermarks.set('s1', origin)
  await look(6)
  expect(city.forecasts.size).toBe(4)
  expect(answered.slice(1)).toEqual([['s1', 's1']])
  stopping.abort()
  await running
})
