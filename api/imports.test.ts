import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApi, ownerKey, type TestApi } from '../test/api/test-api.ts'

let api: TestApi
beforeAll(async () => {
  api = await createTestApi()
})
afterAll(() => api.close())

interface Result {
  readonly kind: string
  readonly accepted: number
  readonly rejected: number
  readonly problems: readonly { readonly line: number; readonly words: string }[]
}
const send = (csv: string | Readable, query = '', headers: Record<string, string> = {}) =>
  api.app.inject({
    method: 'POST',
    url: `/v1/imports${query}`,
    headers: { 'content-type': 'text/csv', authorization: `Bearer ${ownerKey}`, ...headers },
    payload: csv,
  })
const imported = async (csv: string | Readable): Promise<Result> => {
  const answer = await send(csv)
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer.json<Result>()
}

test('master data of every kind comes in by its header', async () => {
  const files = {
    sites:
      'id,name,kind,timeZone,opens\ns1,"Store, one",store,Asia/Shanghai,08:00\nw1,House,warehouse,Asia/Shanghai,\n',
    products:
      'id,name,tempClass,shortageCost,overageCost,thermal.model,thermal.massKg,thermal.areaM2,thermal.heatCapacityJkgK,thermal.filmWm2K\nmilk,Milk,chilled,10,1,lumped,1.03,0.0658,3900,8\nrice,Rice,ambient,5,1,,,,,\n',
    planograms: 'id,site,product,device\np1,s1,milk,shelf-001\n',
    lanes:
      'id,from,to,minutesP50,minutesP90,unitCost,tripCost,capacityUnits,tempClasses\nl1,w1,s1,40,70,0.5,15,200,chilled|ambient\n',
    staff: 'id,site,start,end,people\nday,s1,08:00,22:00,2.5\n',
    stock: 'site,product,units\ns1,milk,12\n',
  }
  for (const [kind, csv] of Object.entries(files)) {
    const result = await imported(csv)
    expect([kind, result]).toMatchObject([kind, { kind, rejected: 0, problems: [] }])
  }
  expect((await api.ask('GET', '/v1/products/milk')).json()).toMatchObject({
    thermal: { model: 'lumped', massKg: 1.03 },
  })
  expect((await api.ask('GET', '/v1/lanes/l1')).json()).toMatchObject({
    tempClasses: ['chilled', 'ambient'],
  })
  expect((await api.ask('GET', '/v1/stock/s1.milk')).json()).toMatchObject({ onHand: 12 })
})

const sales =
  '\uFEFFsite,product,at,units,outOfStockMinutes\r\ns1,milk,2026-11-20T08:00:00+08:00,3,\r\ns1,milk,2026-11-20T09:00:00+08:00,1,20\r\n'

test('sales become hourly readings, and importing again changes nothing', async () => {
  for (let i = 0; i < 2; i++)
    expect(await imported(sales)).toEqual({
      ...{ kind: 'sales', accepted: 2, rejected: 0, problems: [] },
    })
  const read = await api.ask('GET', '/v1/readings?site=s1&device=derived&channel=sold')
  const items = read.json<{ items: object[] }>().items
  expect(items).toMatchObject([
    { at: '2026-11-20T08:00:00+08:00', value: 3, boot: 'import', quality: 'imported' },
    { at: '2026-11-20T09:00:00+08:00', value: 1 },
  ])
  expect(items).toHaveLength(2)
  const hourly = await api.ask(
    'GET',
    '/v1/readings/hourly?site=s1&channel=sold&from=2026-11-20T00:00:00%2B08:00&to=2026-11-21T00:00:00%2B08:00',
  )
  expect(hourly.json()).toMatchObject({ items: [{ hours: [{ sum: 3 }, { sum: 1 }] }] })
})

test('footfall and temperatures come in too', async () => {
  expect(await imported('site,at,in,out\ns1,2026-11-20T08:00:00+08:00,5,4\n')).toMatchObject({
    kind: 'footfall',
    accepted: 1,
  })
  expect(
    await imported('site,device,at,celsius\ns1,probe-1,2026-11-20T08:03:00+08:00,-18.5\n'),
  ).toMatchObject({ kind: 'temperatures', accepted: 1 })
  const latest = await api.ask('GET', '/v1/readings/latest?channel=celsius')
  expect(latest.json()).toMatchObject({ items: [{ device: 'probe-1', value: -18.5 }] })
})

test('rows that cannot be taken are named by line, and the others are stored', async () => {
  const result = await imported(
    [
      'site,product,at,units',
      's9,milk,2026-11-20T08:00:00+08:00,1',
      's1,tea,2026-11-20T08:00:00+08:00,1',
      's1,milk,yesterday,1',
      's1,milk,2026-11-22T10:00:00+08:00,1',
      's1,milk,1970-01-01T00:00:00+08:00,1',
      's1,milk,2026-11-20T08:10:00+08:00,1',
      's1,milk,2026-11-20T08:00:00+08:00,NaN',
      's1,milk,2026-11-20T08:00:00+08:00',
      's1,milk,2026-11-20T10:00:00+08:00,7',
      '',
    ].join('\n'),
  )
  expect(result).toMatchObject({ accepted: 1, rejected: 8 })
  expect(result.problems.map(({ line }) => line)).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
  expect(result.problems[3]!.words).toContain('is still to come')
})

test('a row of master data at fault does not take the others with it', async () => {
  const result = await imported('id,site,product\np2,s1,rice\np3,s1,none\np4,s9,rice\n')
  expect(result).toMatchObject({ accepted: 1, rejected: 2 })
  expect(result.problems.map(({ line }) => line)).toEqual([3, 4])
})

test('20 problems are shown and all are counted', async () => {
  const rows = Array.from({ length: 30 }, () => 's9,milk,1').join('\n')
  const result = await imported(`site,product,units\n${rows}\n`)
  expect([result.rejected, result.problems.length]).toEqual([30, 20])
})

test.each([
  ['', 'empty'],
  ['a,b,c\n1,2,3\n', 'no kind'],
  ['site,product,units,colour\n', 'colour'],
  ['site,site,product,units\n', 'twice'],
  ['site;product;units\ns1;milk;1,5\n', 'separated by semicolons'],
  ['\u001b]0;a\u0007b,c\n', 'columns ?]0;a?b,c are of no kind'],
])('a file that is none is 400 with a sentence: %j', async (csv, words) => {
  const answer = await send(csv)
  expect([answer.statusCode, answer.body]).toEqual([400, expect.stringContaining(words)])
})

test('a header at fault is 400 however long the store takes to answer', async () => {
  const all: TestApi['operations']['all'] = async (kind) => {
    await new Promise((resolve) => setTimeout(resolve, 20))
    return api.operations.all(kind)
  }
  const slow = await createTestApi({ operations: { ...api.operations, all } })
  const answer = await slow.app.inject({
    method: 'POST',
    url: '/v1/imports',
    headers: { 'content-type': 'text/csv', authorization: `Bearer ${ownerKey}` },
    payload: 'a,b\n1,2\n',
  })
  await slow.close()
  expect(answer.statusCode).toBe(400)
})

test('a body of another type is 415', async () => {
  const answer = await send('{}', '', { 'content-type': 'application/json' })
  expect(answer.statusCode).toBe(415)
})

test('a long file is read as it comes; a longer one than allowed is 413', async () => {
  const rows = function* (count: number): Generator<string> {
    yield 'site,device,at,celsius\n'
    for (let i = 0; i < count; i++)
      yield `s1,probe-2,${new Date(Date.UTC(2026, 0, 1) + i * 60_000).toISOString()},4\n`
  }
  expect(await imported(Readable.from(rows(5000)))).toMatchObject({ accepted: 5000 })
  const small = await createTestApi()
  const { settings } = small.deps
  await small.close()
  const tight = await createTestApi({ settings: { ...settings, bodyLimitMegabytes: 0.1 } })
  const answer = await tight.app.inject({
    method: 'POST',
    url: '/v1/imports',
    headers: { 'content-type': 'text/csv', authorization: `Bearer ${ownerKey}` },
    payload: Readable.from(rows(5000)),
  })
  await tight.close()
  expect([answer.statusCode, answer.json()]).toMatchObject([413, { code: 'RT_TOO_LARGE' }])
})
