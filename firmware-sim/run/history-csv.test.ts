import { expect, test } from 'vitest'
import { historyCsv } from './history-csv.ts'
import { masterCsv } from './master-csv.ts'

const hour = 3_600_000
const now = Date.parse('2026-11-16T10:00:00+08:00')

test('history says nothing of hours without a sale or an empty shelf, nor of temperatures that nobody reads', () => {
  const sale = { site: 's', product: 'milk', at: now - hour }
  const probe = { site: 's', device: 'probe-1', celsius: 4 }
  const chunks = [
    ...historyCsv(
      {
        sales: () => [
          { ...sale, units: 0, outOfStockMinutes: 0 },
          { ...sale, units: 3, outOfStockMinutes: 0 },
          { ...sale, units: 0, outOfStockMinutes: 60 },
        ],
        footfall: () => [],
        context: () => [],
        temperatures: () => [
          { ...probe, at: now - 49 * hour },
          { ...probe, at: now - 48 * hour },
        ],
      },
      'Asia/Shanghai',
      now,
    ),
  ]
  expect(chunks.map(({ csv, rows }) => [rows, csv])).toEqual([
    [
      2,
      'site,product,at,units,outOfStockMinutes\n' +
        's,milk,2026-11-16T09:00:00+08:00,3,\n' +
        's,milk,2026-11-16T09:00:00+08:00,0,60\n',
    ],
    [1, 'site,device,at,celsius\ns,probe-1,2026-11-14T10:00:00+08:00,4\n'],
  ])
})

test('master data leaves absent fields empty and quotes what a comma or a quote would break', () => {
  expect(
    masterCsv([
      { id: 'a', name: 'Tea, "green"', thermal: { model: 'lumped' } },
      { id: 'b', name: 'Rice', tempClasses: ['ambient'] },
    ]),
  ).toBe(
    'id,name,thermal,tempClasses\n' +
      'a,"Tea, ""green""","{""model"":""lumped""}",\n' +
      'b,Rice,,"[""ambient""]"\n',
  )
})
