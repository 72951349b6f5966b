import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApi, ownerKey, type TestApi } from '../test/api/test-api.ts'

let api: TestApi
beforeAll(async () => {
  api = await createTestApi()
})
afterAll(() => api.close())

const headers = { authorization: `Bearer ${ownerKey}` }
const odd = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom('__proto__', '\u0000', '../..', '=1+1', '1e999', '9'.repeat(400), '2026-02-31'),
)

test.each([
  ['/v1/readings?site=s1&from=yesterday', 'from must be a time with its offset, such as 2026'],
  ['/v1/readings?site=a.b', 'site must be letters, digits, - and _, 64 at most'],
  [
    '/v1/readings/hourly?site=s1&channel=sold&from=2026-11-22T00:00:00Z&to=2026-11-22T01:00:00Z&by=hour',
    'by must be one of site, device.',
  ],
  [
    '/v1/bookings?status=odd',
    'status must be one of booked, arrived, collected, cancelled, missed.',
  ],
  ['/v1/alarms?status=raised', 'status must be one of open, cleared.'],
  ['/v1/availability', 'must have required properties site, product.'],
])('a request at fault is told in words what to write: %s', async (url, words) => {
  const { statusCode, body } = await api.app.inject({ url, headers })
  expect([statusCode, body]).toEqual([400, expect.stringContaining(words)])
})

test('whatever stands in a query, the answer is not a 5xx', async () => {
  const paths = [
    ...['/v1/sites', '/v1/transfers', '/v1/forecasts', '/v1/stock', '/v1/dead-letters'],
    ...['/v1/readings', '/v1/readings/hourly', '/v1/readings/latest', '/v1/availability'],
    ...['/v1/changes', '/login'],
  ]
  const names = [
    ...['site', 'product', 'device', 'from', 'to', 'status', 'limit', 'cursor', 'latest'],
    ...['channel', 'gtin', 'units', 'by', 'token', 'include', 'after'],
  ]
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('s1', '1', '-1', '0', 'true', 'celsius', '2026-11-22T09:00:00+08:00'),
    fc.constantFrom('2026-99-99T99:99:99Z', '%', '[]', 'e30', 'WyJhIl0', '9999999999999999'),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...paths),
      fc.array(fc.tuple(fc.constantFrom(...names), text), { maxLength: 4 }),
      async (path, query) => {
        const search = query
          .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
          .join('&')
        const answer = await api.app.inject({ url: `${path}?${search}`, headers })
        expect(answer.statusCode).toBeLessThan(500)
      },
    ),
    { numRuns: 100 },
  )
})

test('whatever stands in a body, the answer is a 4xx with a code', async () => {
  const posts = [
    ...['/v1/devices', '/v1/leases', '/v1/bookings', '/v1/dead-letters/replay'],
    ...['/v1/devices/s1/d1/commands', '/v1/devices/s1/d1/adopt', '/v1/transfers/t1/receive'],
  ]
  const puts = [
    '/v1/sites/s1',
    '/v1/products/p1',
    '/v1/lanes/l1',
    '/v1/staff/x',
    '/v1/planograms/y',
  ]
  const key = fc.constantFrom('site', 'device', 'kind', 'slot', 'baskets', 'lines', 'set', 'reason')
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...posts, ...puts),
      fc.oneof(odd, fc.dictionary(key, odd, { minKeys: 1 })),
      async (url, body) => {
        const answer = await api.app.inject({
          method: puts.includes(url) ? 'PUT' : 'POST',
          url,
          headers: { ...headers, 'content-type': 'application/json' },
          payload: JSON.stringify(body),
        })
        const isEmptyReplay = url.endsWith('replay') && JSON.stringify(body) === '{}'
        if (isEmptyReplay) return
        expect(answer.statusCode).toBeGreaterThanOrEqual(400)
        expect(answer.statusCode).toBeLessThan(500)
        expect(answer.json<{ code: string }>().code).toMatch(/^RT_/)
      },
    ),
    { numRuns: 100 },
  )
  expect(Object.keys(Object.prototype)).toEqual([])
})

test.each([
  ['{"__proto__":{"a":1}}', 'application/json', 400],
  ['{"constructor":{"prototype":{"a":1}}}', 'application/json', 400],
  ['{"site":', 'application/json', 400],
  ['', 'application/json', 400],
  ['a=1', 'application/x-www-form-urlencoded', 415],
  ['{}', 'text/plain', 415],
  ['x'.repeat(1024 * 1024 + 1), 'application/json', 413],
])('a body that is no request is refused: %#', async (payload, type, status) => {
  const answer = await api.app.inject({
    ...{ method: 'POST', url: '/v1/devices', payload },
    headers: { ...headers, 'content-type': type },
  })
  expect(answer.statusCode).toBe(status)
  expect(answer.headers['content-type']).toContain('application/problem+json')
})

test('an id with a path or a control character in it is refused', async () => {
  for (const id of ['..%2f..%2fetc', '%00', 'a%0d%0ab', 'x'.repeat(500)]) {
    const { statusCode } = await api.app.inject({ url: `/v1/sites/${id}`, headers })
    expect([400, 404, 414]).toContain(statusCode)
  }
})
