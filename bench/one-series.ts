import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { hourMs, quantileLevels, type Distribution, type Forecast } from '../domain/index.ts'
import { createTestApi, ownerKey } from '../test/api/test-api.ts'
import { startOperationsWorker } from '../store/index.ts'
import { describeMachine } from './support/machine.ts'

/** What the API takes to answer one series, over HTTP, with the operations store in its worker and filled as a city fills it. */
const { values } = parseArgs({
  options: {
    series: { type: 'string', default: '10000' },
    origins: { type: 'string', default: '12' },
    requests: { type: 'string', default: '400' },
  },
})
const seriesCount = Number(values.series)
const productsPerSite = 100
const firstOrigin = Date.UTC(2026, 10, 21)

const distribution = (mean: number): Distribution => ({
  mean,
  quantiles: quantileLevels.map((p) => ({ p, value: mean * 2 * p })),
})

function forecastOf(s: number, origin: number): Forecast {
  const site = `store-${Math.floor(s / productsPerSite)}`
  const product = `product-${s % productsPerSite}`
  return {
    id: `demand.${site}.${product}.${origin / hourMs}`,
    ...{ target: 'demand', site, product, device: null, origin, horizonHours: 12 },
    total: distribution(s % 40),
    hours: Array.from({ length: 12 }, (_, hour) => distribution((s + hour) % 5)),
    ...{ model: 'demand-20261120-01234567', servedBy: 'tfjs:demand-20261120-01234567' },
    ...{ label: 'proven', reason: 'It beats every baseline.', graced: false, issuedAt: origin },
    baselines: ['naive-24h', 'naive-168h', 'mean-7d'].map((name) => ({ name, mean: s % 40 })),
  }
}

async function measure(ask: (i: number) => Promise<void>) {
  const requests = Number(values.requests)
  for (let i = 0; i < 20; i++) await ask(i)
  const took: number[] = []
  for (let i = 0; i < requests; i++) {
    const began = performance.now()
    await ask(i * 7919)
    took.push(performance.now() - began)
  }
  took.sort((a, b) => a - b)
  const at = (p: number): number =>
    Number(took[Math.min(took.length - 1, Math.floor(p * took.length))]!.toFixed(1))
  return { p50: at(0.5), p99: at(0.99) }
}

const machine = describeMachine()
const folder = mkdtempSync(join(tmpdir(), 'larder-bench-'))
const worker = startOperationsWorker({
  file: join(folder, 'operations.db'),
  onDeath(error) {
    throw error
  },
})
const test = await createTestApi({ operations: worker.store })
try {
  const last = firstOrigin + (Number(values.origins) - 1) * hourMs
  for (let origin = firstOrigin; origin <= last; origin += hourMs) {
    for (let s = 0; s < seriesCount; s += 500) {
      await worker.store.saveForecasts(
        Array.from({ length: Math.min(500, seriesCount - s) }, (_, i) => forecastOf(s + i, origin)),
      )
    }
  }
  await test.app.listen({ host: '127.0.0.1', port: 0 })
  const address = test.app.server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const get = async (path: string): Promise<void> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      headers: { authorization: `Bearer ${ownerKey}` },
    })
    const body = await answer.text()
    if (answer.status !== 200 || !body.includes('"quantiles"')) throw new Error(body.slice(0, 300))
  }
  const nameOf = (i: number): { site: string; product: string; id: string } => {
    const { site, product, id } = forecastOf(i % seriesCount, last)
    return { site, product: product!, id }
  }
  const results = {
    byId: await measure((i) => get(`/v1/forecasts/${nameOf(i).id}`)),
    newestOfOne: await measure((i) => {
      const { site, product } = nameOf(i)
      return get(`/v1/forecasts?site=${site}&product=${product}&latest=true`)
    }),
    allOfOne: await measure((i) => {
      const { site, product } = nameOf(i)
      return get(`/v1/forecasts?site=${site}&product=${product}`)
    }),
    newestOfSite: await measure((i) =>
      get(`/v1/forecasts?site=${nameOf(i).site}&latest=true&limit=100`),
    ),
  }
  process.stdout.write(
    `${JSON.stringify({ machine, what: 'milliseconds', series: seriesCount, origins: Number(values.origins), ...results, goal: { oneSeriesMs: 20 } }, null, 1)}\n`,
  )
} finally {
  await test.close()
  await worker.stop()
  rmSync(folder, { recursive: true, force: true })
}
