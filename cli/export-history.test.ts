import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, expect, test } from 'vitest'
import { dayMs, hourMs } from '../domain/index.ts'
import { openConnection } from './connection.ts'
import { readHistory } from './export-history.ts'

const data = mkdtempSync(join(tmpdir(), 'larder-export-'))
afterAll(() => rmSync(data, { recursive: true }))

const from = Date.UTC(2025, 0, 1, -8)
const sale = (at: number, units: number, out = 0): string =>
  `s1,milk,${new Date(at).toISOString()},${units},${out}`

test('a history is what was imported, over more hours than are asked for at once', async () => {
  const connection = await openConnection({ data, mayCreate: true })
  try {
    const csv = (...lines: string[]): Promise<unknown> =>
      connection.request('POST', '/v1/imports', Readable.from([`${lines.join('\n')}\n`]))
    await csv('id,name,kind,timeZone', 's1,One,store,Asia/Shanghai', 's2,Two,store,Asia/Shanghai')
    await csv(
      'id,name,gtin,tempClass,category,shortageCost,overageCost',
      'milk,Milk,04006381333931,chilled,dairy,2,1',
    )
    const late = from + 40 * dayMs
    await csv(
      'site,product,at,units,outOfStockMinutes',
      ...[
        sale(from + hourMs, 3),
        sale(from + 5 * hourMs, 2, 15),
        sale(late, 7),
        sale(late + hourMs, 1, 60),
      ],
    )
    const span = { from, to: from + 41 * dayMs }
    const told: string[] = []
    const history = await readHistory(connection, 'demand', span, ({ task }) => told.push(task))
    expect(history).toMatchObject({ target: 'demand', from, hours: 41 * 24 })
    const [milk, ...others] = history.series
    expect(others).toEqual([])
    expect(milk).toMatchObject({ site: 's1', product: 'milk', timeZone: 'Asia/Shanghai' })
    expect(milk!.statics).toEqual({ tempClass: 'chilled', category1: 'dairy' })
    expect([...milk!.value.subarray(0, 24)]).toEqual(
      Array.from({ length: 24 }, (_, i) => (i === 1 ? 3 : i === 5 ? 2 : 0)),
    )
    expect([...milk!.value.subarray(24, 40 * 24)].every(Number.isNaN)).toBe(true)
    expect([...milk!.value.subarray(40 * 24, 40 * 24 + 3)]).toEqual([7, 1, 0])
    expect([milk!.outMinutes[5], milk!.outMinutes[40 * 24 + 1]]).toEqual([15, 60])
    expect(new Set(told)).toEqual(
      new Set(['hours of sold', 'hours of outOfStockMinutes', 'hours of picked']),
    )
    const elsewhere = await readHistory(
      connection,
      'demand',
      { ...span, site: 's2' },
      () => undefined,
    )
    expect(elsewhere.series).toEqual([])
  } finally {
    await connection.close()
  }
})
