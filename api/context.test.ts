import { afterAll, beforeAll, expect, test } from 'vitest'
import { hourMs } from '../domain/index.ts'
import { milk, s1 } from '../test/api/city.ts'
import { createTestApi, simKey, testStart, type TestApi } from '../test/api/test-api.ts'

let api: TestApi
beforeAll(async () => {
  api = await createTestApi()
  await api.operations.putMasterData('sites', [s1], testStart)
  await api.operations.putMasterData('products', [milk], testStart)
})
afterAll(() => api.close())

const at = (hour: number): string => new Date(testStart + hour * hourMs).toISOString()
const promotion = {
  ...{ signal: 'discount', site: 's1', product: 'milk', start: at(5), end: at(9), value: 0.8 },
  ...{ issuedAt: at(-2), words: 'Milk week' },
}
const weather = { signal: 'weather-temperature', start: at(0), values: [4.5, 5, 5.5], unit: 'Cel' }

test('what is said is taken as a whole, once, and listed by what it is about', async () => {
  const body = { items: [promotion, weather] }
  const answer = await api.ask('POST', '/v1/context', body, { 'idempotency-key': 'k1' })
  expect(answer.json()).toMatchObject({ accepted: 2 })
  expect((await api.ask('POST', '/v1/context', body)).json()).toEqual(answer.json())
  const list = await api.ask('GET', '/v1/context?signal=discount'.replace('signal', 'type'))
  expect(list.json()).toMatchObject({
    items: [
      {
        ...{ signal: 'discount', basis: 'forecast', site: 's1', product: 'milk', values: [0.8] },
        ...{ start: '2026-11-22T14:00:00+08:00', end: '2026-11-22T18:00:00+08:00', unit: '1' },
        ...{ issuedAt: '2026-11-22T07:00:00+08:00', words: 'Milk week', status: 'current' },
      },
    ],
  })
  const [, id] = answer.json<{ ids: string[] }>().ids
  expect((await api.ask('GET', `/v1/context/${id!}`)).json()).toMatchObject({
    ...{ site: null, product: null, values: [4.5, 5, 5.5] },
    ...{ issuedAt: '2026-11-22T01:00:00Z', end: '2026-11-22T04:00:00Z' },
  })
  const { items } = (await api.ask('GET', '/v1/changes')).json<{ items: { resource: string }[] }>()
  expect(items.filter(({ resource }) => resource === 'context')).toHaveLength(2)
})

test('a withdrawal says nothing of the same hours from now on', async () => {
  const { ids } = (await api.ask('POST', '/v1/context', { items: [promotion] })).json<{
    ids: string[]
  }>()
  const withdrawn = await api.ask('DELETE', `/v1/context/${ids[0]!}`)
  expect(withdrawn.json()).toMatchObject({ values: [], start: '2026-11-22T14:00:00+08:00' })
  expect((await api.ask('GET', `/v1/context/${ids[0]!}`)).json()).toMatchObject({
    status: 'replaced',
  })
  expect((await api.ask('DELETE', '/v1/context/nobody')).statusCode).toBe(404)
})

test.each([
  [{ ...weather, signal: 'moon' }, 'signal'],
  [{ ...weather, values: [1, 'warm'] }, 'number'],
  [{ ...weather, values: [500] }, 'number'],
  [{ ...weather, unit: 'K' }, 'Cel'],
  [{ ...weather, start: 'tomorrow' }, 'start'],
  [{ ...weather, end: at(7) }, 'values'],
  [{ ...weather, values: undefined }, 'value'],
  [{ ...weather, issuedAt: at(1) }, 'issuedAt'],
  [{ ...weather, basis: 'guessed' }, 'basis'],
  [{ ...weather, basis: 'measured', start: at(1) }, 'measured'],
  [{ ...weather, site: 'nowhere' }, 'no site'],
  [{ ...promotion, product: 'no' }, 'no product'],
  [{ ...promotion, end: at(4) }, 'end'],
  [{ ...promotion, withdraw: true }, 'withdraw'],
])('nothing is taken of a batch with %o', async (wrong, word) => {
  const good = { ...weather, start: at(50), issuedAt: at(0) }
  const answer = await api.ask('POST', '/v1/context', { items: [good, wrong] })
  expect(answer.statusCode).toBe(400)
  const problem = answer.json<{ detail: string; problems: { path: string; words: string }[] }>()
  expect(problem.problems).toMatchObject([{ path: 'body/items/1' }])
  expect(problem.detail).toContain(word)
  const { items } = (await api.ask('GET', `/v1/context?from=${at(50)}`)).json<{
    items: unknown[]
  }>()
  expect(items).toEqual([])
})

test('the simulated city may say what it knows, and nobody without a key', async () => {
  const ask = (headers: Record<string, string>) =>
    api.app.inject({ method: 'POST', url: '/v1/context', payload: { items: [weather] }, headers })
  expect((await ask({ authorization: `Bearer ${simKey}` })).statusCode).toBe(200)
  expect((await ask({})).statusCode).toBe(401)
})

test('a CSV of signals is imported, and a wrong row is named by its line', async () => {
  const csv = [
    'signal,site,start,value,issuedAt,basis',
    `interest,s1,${at(-3)},1.4,${at(-9)},`,
    `weather-precipitation,,${at(-3)},2.5,,measured`,
    `interest,s9,${at(-3)},1.4,,`,
  ].join('\n')
  const answer = await api.app.inject({
    ...{ method: 'POST', url: '/v1/imports', payload: csv },
    headers: { authorization: `Bearer ${simKey}`, 'content-type': 'text/csv' },
  })
  expect(answer.json()).toMatchObject({
    ...{ kind: 'context', accepted: 2, rejected: 1 },
    problems: [{ line: 4 }],
  })
  const list = await api.ask('GET', '/v1/context?type=interest')
  expect(list.json()).toMatchObject({ items: [{ values: [1.4] }] })
})
