import { afterAll, beforeAll, describe } from 'vitest'
import { dayMs } from '../../../domain/index.ts'
import { createManualClock, createRandom, silentLogger, wallClock } from '../../../runtime/index.ts'
import { startInfluxdb, type InfluxdbServer } from '../../../scripts/servers/influxdb.ts'
import { describeSeriesStore } from '../series-store.contract.ts'
import type { SeriesStore } from '../series-store.ts'
import { createInfluxSeriesStore } from './influx-series-store.ts'
import { memoryPositions } from './memory-positions.contract.ts'

let server: InfluxdbServer
let buckets = 0

beforeAll(async () => {
  server = await startInfluxdb()
})
afterAll(() => server.stop())

function openAt(at: number): () => Promise<{ store: SeriesStore; stop: () => Promise<void> }> {
  return async () => {
    const store = await createInfluxSeriesStore({
      ...{ url: server.url, org: server.org, token: server.token, bucket: `b${++buckets}` },
      ...{ positions: memoryPositions(), trailMs: 0, logger: silentLogger },
      ...{ clock: createManualClock(at), wall: wallClock, random: createRandom(buckets) },
    })
    return { store, stop: () => store.close() }
  }
}

/** Every hour is asked for only after it was rolled up. */
function rolledUp(open: ReturnType<typeof openAt>): ReturnType<typeof openAt> {
  return async () => {
    const { store, stop } = await open()
    const hourly: SeriesStore['hourly'] = async (query) => {
      await store.prune(0)
      return store.hourly(query)
    }
    return { store: { ...store, hourly }, stop }
  }
}

const start = Date.UTC(2026, 10, 2)

describe('hours that are open', () => {
  describeSeriesStore('InfluxDB', openAt(start), { numRuns: 6 })
})

describe('hours that are rolled up', () => {
  describeSeriesStore('InfluxDB', rolledUp(openAt(start + 10 * dayMs)), { numRuns: 6 })
})
