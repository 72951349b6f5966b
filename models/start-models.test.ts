import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { hourMs } from '../domain/index.ts'
import { createManualClock, createMetrics, silentLogger, wallClock } from '../runtime/index.ts'
import { createCityStores, type CityStoresOfHistory } from '../test/models/city-stores.ts'
import { makeSyntheticHistory, syntheticOrigin } from '../test/models/synthetic-history.ts'
import { startModels, type ModelsDeps } from './start-models.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'larder-models-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function start(city: CityStoresOfHistory, options: Partial<ModelsDeps> = {}) {
  return startModels({
    series: city.series,
    operations: city.operations,
    clock: createManualClock(syntheticOrigin(20, 9) + 5 * 60_000),
    wall: wallClock,
    logger: silentLogger,
    metrics: createMetrics({ withProcess: false }),
    settings: { enabled: true, backend: 'wasm', maxMinutes: 0.01, graceMinutes: 20 },
    folder,
    seed: 1,
    ...options,
  })
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let tries = 0; !isTrue(); tries++) {
    if (tries > 400) throw new Error('it did not happen within 8 s')
    await wallClock.sleepUntil(wallClock.now() + 20)
  }
}

test('a baseline serves at once, then the first network, which a restart loads instead of training again', async () => {
  const city = createCityStores(makeSyntheticHistory({ sites: 2, products: 2, days: 30, seed: 4 }))
  const servedBy = new Set<string>()
  const stage = start(city)
  await until(() => {
    for (const forecast of city.forecasts.values()) servedBy.add(forecast.servedBy)
    return [...servedBy].some((name) => name.startsWith('tfjs:'))
  })
  await stage.stop()
  expect(servedBy).toContain('smoothed-28d')
  expect(city.models).toHaveLength(1)

  const [forecast] = city.forecasts.values()
  expect(forecast).toMatchObject({
    target: 'demand',
    origin: syntheticOrigin(20, 9),
    horizonHours: 12,
    graced: true,
  })
  expect(forecast!.hours).toHaveLength(12)
  expect(forecast!.baselines.map(({ name }) => name)).toContain('naive-168h')
  expect(forecast!.id).toBe(
    `demand.${forecast!.site}.${forecast!.product!}.${syntheticOrigin(20, 9) / hourMs}`,
  )

  expect(forecast!.reason).toContain('It is the first network of demand')
  const { version } = city.models[0]!
  expect(city.models[0]).toMatchObject({ state: 'serving', reason: forecast!.reason })
  expect((await city.operations.modelReport(version))?.words).toContain('smoothed-28d')
  city.forecasts.clear()
  const again = start(city)
  await until(() =>
    [...city.forecasts.values()].some((item) => item.servedBy === `tfjs:${version}`),
  )
  await again.stop()
  expect(city.models).toHaveLength(1)
}, 20_000)

test('a site is forecast once its data have come up to the hour, or its grace has run out', async () => {
  const history = makeSyntheticHistory({ sites: 2, products: 1, days: 30, seed: 4 })
  const city = createCityStores(history)
  city.watermarks.set('s0', syntheticOrigin(20, 9))
  city.watermarks.set('s1', syntheticOrigin(20, 8))
  const clock = createManualClock(syntheticOrigin(20, 9) + 60_000)
  const settings = { enabled: false, backend: 'wasm', maxMinutes: 1, graceMinutes: 20 } as const
  const stage = start(city, { clock, settings })
  await until(() => city.forecasts.size > 0)
  expect([...city.forecasts.values()].map(({ site, graced }) => [site, graced])).toEqual([
    ['s0', false],
  ])
  await clock.advanceTo(syntheticOrigin(20, 9) + 21 * 60_000)
  await until(() => city.forecasts.size > 1)
  await stage.stop()
  expect([...city.forecasts.values()].map(({ site, graced }) => [site, graced])).toEqual([
    ['s0', false],
    ['s1', true],
  ])
}, 20_000)
