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
import { until } from '../support/until.ts'

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
  await until(
    () => [...city.forecasts.values()].some(({ servedBy }) => servedBy.startsWith('tfjs:')),
    90_000,
  )
  // It says so a moment after they are saved.
  await until(async () => (await worker.status()).words.includes('tfjs:demand-'))
  expect((await worker.status()).ready).toBe(true)
  expect(await worker.metricsText()).toContain('larder_models_forecasts_total')
  await worker.stop()
  expect(deaths).toEqual([])
  seriesChannel.port1.close()
  operationsChannel.port1.close()
  await rm(folder, { recursive: true, force: true })
})
