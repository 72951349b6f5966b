import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { hourMs } from '../domain/index.ts'
import { readFootfallHistory, readRetailHistory, type History } from '../models/index.ts'
import { writeDemandHistory, writeFootfallHistory } from './history-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'larder-history-'))
afterAll(() => rmSync(folder, { recursive: true }))

// Three days of Shanghai, from its midnight.
const from = Date.UTC(2026, 5, 1, -8)
const hours = 72

const series = (product: string | null, value: Float32Array): History['series'][number] => ({
  ...{ site: 's1', product, device: null, timeZone: 'Asia/Shanghai', value },
  statics: { category1: 'dairy', tempClass: 'chilled' },
  outMinutes: Uint8Array.from({ length: hours }, (_, i) => (i === 30 ? 20 : 0)),
  known: {
    discount: {
      hoursPerStep: 1,
      values: Float32Array.from({ length: hours + 12 }, (_, i) => (i < 24 ? 0.8 : 1)),
    },
  },
})
const sold = Float32Array.from({ length: hours }, (_, i) => i % 5)

test('demand that is written is what the models read: local days, hours out of stock, what was known', async () => {
  const path = join(folder, 'demand.parquet')
  const late = sold.slice().fill(NaN, 0, 24)
  late[30] = NaN
  const history: History = {
    ...{ target: 'demand', from, hours },
    series: [series('milk', sold), series('tofu', late)],
  }
  expect(writeDemandHistory(path, history)).toEqual({ rows: 5 })
  const read = await readRetailHistory(path)
  expect(new Date(read.from).toISOString()).toBe('2026-06-01T00:00:00.000Z')
  expect(read.hours).toBe(hours)
  expect(read.series.map(({ site, product }) => `${site}/${product}`)).toEqual([
    's1/milk',
    's1/tofu',
  ])
  const [milk, tofu] = read.series
  expect([...milk!.value]).toEqual([...sold])
  expect([...tofu!.value]).toEqual([...late])
  expect([...milk!.outMinutes.keys()].filter((i) => milk!.outMinutes[i]! > 0)).toEqual([30])
  expect([...milk!.known.discount!.values].map((value) => value.toFixed(2))).toEqual([
    '0.80',
    '1.00',
    '1.00',
  ])
  expect([...milk!.known.holiday!.values]).toEqual([0, 0, 0])
  expect(milk!.statics).toMatchObject({ category1: 'dairy', region: '1' })
})

test('footfall that is written is what the models read', async () => {
  const path = join(folder, 'footfall.parquet')
  const counts = sold.slice()
  counts[5] = NaN
  const history: History = { target: 'footfall', from, hours, series: [series(null, counts)] }
  expect(writeFootfallHistory(path, history)).toEqual({ rows: hours - 1 })
  const read = await readFootfallHistory(path)
  expect(new Date(read.from).toISOString()).toBe('2026-06-01T00:00:00.000Z')
  expect([...read.series[0]!.value]).toEqual([...counts])
})

test('the hour that a clock shows twice holds both', async () => {
  const path = join(folder, 'autumn.parquet')
  // In Berlin 02:00 comes twice on 25 October 2026.
  const start = Date.UTC(2026, 9, 24, 22)
  const one = series('milk', new Float32Array(25).fill(1))
  const history: History = {
    ...{ target: 'demand', from: start, hours: 25 },
    series: [{ ...one, timeZone: 'Europe/Berlin', outMinutes: new Uint8Array(25) }],
  }
  writeDemandHistory(path, history)
  const read = await readRetailHistory(path)
  expect(read.hours * hourMs).toBe(24 * hourMs)
  expect([...read.series[0]!.value]).toEqual(
    Array.from({ length: 24 }, (_, hour) => (hour === 2 ? 2 : 1)),
  )
})
