import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApi, type TestApi } from '../test/api/test-api.ts'
import { lane, milk, planogram, s1, shift, w1 } from '../test/api/city.ts'

let api: TestApi
beforeAll(async () => {
  api = await createTestApi()
})
afterAll(() => api.close())

test('putting is 201 where it is new and 200 where it replaces, and is read back', async () => {
  const items = [
    ['sites', s1],
    ['sites', w1],
    ['products', milk],
    ['planograms', planogram],
    ['lanes', lane],
    ['staff', shift],
  ] as const
  for (const [kind, item] of items) {
    const first = await api.ask('PUT', `/v1/${kind}/${item.id}`, item)
    const again = await api.ask('PUT', `/v1/${kind}/${item.id}`, item)
    expect([kind, first.statusCode, again.statusCode]).toEqual([kind, 201, 200])
    const read = await api.ask('GET', `/v1/${kind}/${item.id}`)
    expect(read.json()).toMatchObject(item)
  }
  const list = await api.ask('GET', '/v1/sites')
  expect(list.json()).toMatchObject({ items: [{ id: 's1' }, { id: 'w1' }], next: null })
})

test('the id may be left to the path, but not differ from it', async () => {
  expect((await api.ask('PUT', '/v1/sites/s1', { ...s1, id: undefined })).statusCode).toBe(200)
  expect((await api.ask('PUT', '/v1/sites/s2', s1)).statusCode).toBe(400)
})

test('a product without a GTIN gets one', async () => {
  const answer = await api.ask('PUT', '/v1/products/milk', milk)
  expect(answer.json<{ gtin: string }>().gtin).toMatch(/^02[0-9]{12}$/)
})

test('all that is wrong comes in one message, with the place and what is allowed', async () => {
  const answer = await api.ask('PUT', '/v1/sites/s1', { name: '', kind: 'shop', timezone: 'x' })
  const { code, detail } = answer.json<{ code: string; detail: string }>()
  expect([answer.statusCode, code]).toEqual([400, 'RT_REQUEST_INVALID'])
  for (const words of ['timeZone', '"timezone"', 'body/name', '"store" or "warehouse"'])
    expect(detail.replaceAll('(timezone)', '"timezone"')).toContain(words)
})

test.each([
  ['sites', 's1', { ...s1, timeZone: 'Mars/Olympus' }, 'timeZone'],
  ['products', 'milk', { ...milk, gtin: '12345678' }, 'gtin'],
  ['lanes', 'w1-s1', { ...lane, minutesP90: 1 }, 'minutesP90'],
  ['lanes', 'w1-s1', { ...lane, to: 'w1' }, 'same site'],
])('what a schema cannot say is checked too: %s %s', async (kind, id, item, words) => {
  const answer = await api.ask('PUT', `/v1/${kind}/${id}`, item)
  expect([answer.statusCode, answer.body]).toEqual([400, expect.stringContaining(words)])
})

test('a planogram of an unknown site is refused', async () => {
  const item = { ...planogram, id: 'p1', site: 'nowhere' }
  const answer = await api.ask('PUT', '/v1/planograms/p1', item)
  expect(answer.statusCode).toBe(400)
})

test('a body is taken as it is: no text becomes a number, no key is dropped', async () => {
  const text = await api.ask('PUT', '/v1/products/milk', { ...milk, shortageCost: '10' })
  const extra = await api.ask('PUT', '/v1/products/milk', { ...milk, colour: 'white' })
  expect([text.statusCode, extra.statusCode]).toEqual([400, 400])
})

test('what is not there is 404, with how to see what is', async () => {
  const answer = await api.ask('GET', '/v1/products/none')
  expect([answer.statusCode, answer.body]).toEqual([404, expect.stringContaining('/v1/products')])
})

test('a list is read page by page', async () => {
  for (const id of ['a', 'b', 'c']) await api.ask('PUT', `/v1/sites/${id}`, { ...s1, id })
  const seen: string[] = []
  let next: string | null = ''
  while (next !== null) {
    const cursor: string = next === '' ? '' : `&cursor=${encodeURIComponent(next)}`
    const page = await api.ask('GET', `/v1/sites?limit=2${cursor}`)
    const body: { items: { id: string }[]; next: string | null } = page.json()
    seen.push(...body.items.map(({ id }) => id))
    next = body.next
  }
  expect(seen).toEqual(['a', 'b', 'c', 's1', 'w1'])
})
