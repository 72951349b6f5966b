import { afterAll, beforeAll, expect, test } from 'vitest'
import { queries } from '../../dashboards/grafana/queries.ts'
import { hourMs, minuteMs, type Reading } from '../../domain/index.ts'
import { createManualClock, createRandom, silentLogger, wallClock } from '../../runtime/index.ts'
import { startInfluxdb, type InfluxdbServer } from '../../scripts/servers/influxdb.ts'
import { createInfluxSeriesStore } from '../../store/index.ts'
import { memoryPositions } from '../../store/series-store/influx/memory-positions.contract.ts'

const gtin = '04006381333931'
const start = Date.UTC(2026, 10, 2)
let server: InfluxdbServer

beforeAll(async () => {
  server = await startInfluxdb()
  const store = await createInfluxSeriesStore({
    ...{ url: server.url, org: server.org, token: server.token, bucket: 'board' },
    ...{ positions: memoryPositions(), clock: createManualClock(start), wall: wallClock },
    ...{ random: createRandom(1), logger: silentLogger },
  })
  const of = (site: string, device: string, channel: string, minute: number, value: number) =>
    ({
      ...{ site, device, channel, at: start + minute * minuteMs, value, boot: '1', index: 0 },
      ...{ receivedAt: start + minute * minuteMs + 40, seq: minute, quality: 'good' },
      gtin: channel === 'sold' ? gtin : null,
    }) satisfies Reading
  await store.write([
    of('s1', 'till-1', 'sold', 1, 2),
    of('s1', 'till-2', 'sold', 2, 3),
    of('s1', 'till-1', 'sold', 61, 4),
    { ...of('s1', 'till-9', 'sold', 3, 100), quality: 'unregistered' },
    of('s2', 'till-1', 'sold', 1, 9),
    of('s1', 'probe-1', 'celsius', 0, 4),
    of('s1', 'probe-1', 'celsius', 1, 6),
    of('s2', 'probe-1', 'celsius', 0, -20),
    of('s3', 'probe-1', 'celsius', 0, 99),
  ])
  await store.close()
})
afterAll(() => server.stop())

/** As Grafana asks: its variables put in, its window given as the record `v`. */
async function ask(name: string): Promise<Record<string, string>[]> {
  const variables: Record<string, unknown> = { fan_site: 's1', gtin, site: ['s1', 's2'] }
  const text = queries[name]!.text.replace(/\$\{(\w+):json\}/g, (_, variable: string) =>
    JSON.stringify(variables[variable]),
  )
  const window = `option v = {defaultBucket: "board", timeRangeStart: ${new Date(start).toISOString()}, timeRangeStop: ${new Date(start + 2 * hourMs).toISOString()}, windowPeriod: 5m}`
  const answer = await fetch(`${server.url}/api/v2/query?org=${server.org}`, {
    method: 'POST',
    headers: { authorization: `Token ${server.token}`, 'content-type': 'application/vnd.flux' },
    body: `${window}\n${text}`,
    signal: AbortSignal.timeout(20_000),
  })
  const csv = await answer.text()
  expect(answer.status, csv).toBe(200)
  return csv
    .split('\r\n\r\n')
    .filter((table) => table.trim() !== '')
    .flatMap((table) => {
      const [header = '', ...rows] = table.trim().split('\r\n')
      const columns = header.split(',')
      return rows.map((row) =>
        Object.fromEntries(row.split(',').map((cell, i) => [columns[i]!, cell])),
      )
    })
}

test('what was sold, by hours of one store and product, without what nobody has adopted', async () => {
  const rows = await ask('sold-hourly')
  expect(rows.map((row) => [row._time, Number(row._value)])).toEqual([
    ['2026-11-02T00:00:00Z', 5],
    ['2026-11-02T01:00:00Z', 4],
  ])
})

test('cold rooms, a curve for each probe of the sites chosen', async () => {
  const rows = await ask('cold-rooms')
  expect(rows.map(({ site, device, _value }) => [site, device, Number(_value)])).toEqual([
    ['s1', 'probe-1', 5],
    ['s2', 'probe-1', -20],
  ])
})

test('readings by site', async () => {
  const rows = await ask('readings-rate')
  const counts = new Map<string, number>()
  for (const { site, _value } of rows) counts.set(site!, (counts.get(site!) ?? 0) + Number(_value))
  expect(counts).toEqual(
    new Map([
      ['s1', 6],
      ['s2', 2],
    ]),
  )
})

test('every question to InfluxDB on the board is asked here', () => {
  const flux = Object.entries(queries).flatMap(([name, { language }]) =>
    language === 'flux' ? [name] : [],
  )
  expect(flux.sort()).toEqual(['cold-rooms', 'readings-rate', 'sold-hourly'])
})
