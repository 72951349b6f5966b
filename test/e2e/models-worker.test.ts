import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { dayMs, hourMs } from '../../domain/index.ts'
import { startModelsWorker } from '../../models/index.ts'
import { serveRpc, wallClock } from '../../runtime/index.ts'
import { createCityStores } from '../models/city-stores.ts'
import { makeSyntheticHistory } from '../models/synthetic-history.ts'

test('in a thread of its own the stage trains, forecasts with TensorFlow.js and stops', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'larder-models-'))
  const synthetic = makeSyntheticHistory({ sites: 2, products: 3, days: 30, seed: 4 })
  const now = hourMs * Math.floor(wallClock.now() / hourMs)
  const city = createCityStores({
    ...synthetic,
    from: dayMs * Math.floor(now / dayMs) - 29 * dayMs,
  })
  const seriesChannel = new MessageChannel()
  const operationsChannel = new MessageChannel()
  serveRpc(seriesChannel.port1, city.series)
  serveRpc(operationsChannel.port1, city.operations)
  const deaths: Error[] = []
  const worker = startModelsWorker({
    seriesPort: seriesChannel.port2,
    operationsPort: operationsChannel.port2,
    anchor: { wallAt: wallClock.now(), cityAt: now + 60_000, speed: 1 },
    settings: { enabled: true, backend: 'wasm', maxMinutes: 0.1, graceMinutes: 20 },
    folder,
    seed: 1,
    logLevel: 'error',
    onDeath: (error) => deaths.push(error),
  })
  const startedAt = wallClock.now()
  const isServed = (): boolean =>
    [...city.forecasts.values()].some(({ servedBy }) => servedBy.startsWith('tfjs:'))
  while (!isServed() && wallClock.now() - startedAt < 90_000) {
    await wallClock.sleepUntil(wallClock.now() + 100)
  }
  expect(isServed()).toBe(true)
  const status = await worker.status()
  expect(status.ready).toBe(true)
  expect(status.words).toContain('tfjs:demand-')
  expect(await worker.metricsText()).toContain('larder_models_forecasts_total')
  await worker.stop()
  expect(deaths).toEqual([])
  seriesChannel.port1.close()
  operationsChannel.port1.close()
  await rm(folder, { recursive: true, force: true })
})
