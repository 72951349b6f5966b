import { afterAll, beforeAll, expect, test } from 'vitest'
import { verifyPassword, verifySecret } from '../domain/index.ts'
import { createTestApi, type TestApi } from '../test/api/test-api.ts'

let api: TestApi
beforeAll(async () => {
  api = await createTestApi()
})
afterAll(() => api.close())

const bridge = {
  ...{ username: 'zigbee', kind: 'bridge', site: 's1' },
  mappings: [{ pattern: 'zigbee2mqtt/+', site: 's1', device: '{1}' }],
}

test('a credential is made, its password shown once and kept as a hash', async () => {
  const answer = await api.ask('POST', '/v1/credentials', bridge)
  expect([answer.statusCode, answer.json()]).toMatchObject([201, { ...bridge, revoked: false }])
  const kept = await api.operations.credential('zigbee')
  expect(kept && verifySecret(answer.json<{ password: string }>().password, kept)).toBe(true)
  expect(kept).toMatchObject({ kind: 'bridge', site: 's1', device: null })
  const again = await api.ask('POST', '/v1/credentials', bridge)
  expect([again.statusCode, again.json()]).toMatchObject([409, { code: 'RT_WRONG_STATE' }])
})

test('an operator may choose a password, nobody else', async () => {
  const password = 'correct horse battery'
  const operator = { username: 'anna', kind: 'operator', subscribe: ['v1/s1/#'], password }
  const answer = await api.ask('POST', '/v1/credentials', operator)
  expect([answer.statusCode, answer.json()]).toMatchObject([201, { password: null, site: null }])
  expect(await verifyPassword(password, (await api.operations.credential('anna'))!)).toBe(true)
  for (const wrong of [
    { ...operator, username: 'ben', password: 'short' },
    { ...bridge, username: 'ben', password },
  ])
    expect((await api.ask('POST', '/v1/credentials', wrong)).statusCode).toBe(400)
})

test('the list shows no secret', async () => {
  const answer = await api.ask('GET', '/v1/credentials')
  expect(answer.json()).toMatchObject({ items: [{ username: 'anna' }, bridge], next: null })
  expect(answer.body).not.toMatch(/hash|salt|password/)
})

test.each([
  { username: 's1/d1', kind: 'operator', subscribe: ['#'] },
  { username: 'x', kind: 'device', site: 's1' },
  { username: 'x', kind: 'join' },
  { username: 'x', kind: 'bridge', site: 's1', publish: ['#'] },
  { username: 'x', kind: 'operator', subscribe: ['$SYS/#'] },
])('%o is refused', async (body) => {
  const answer = await api.ask('POST', '/v1/credentials', body)
  expect([answer.statusCode, answer.json()]).toMatchObject([400, { code: 'RT_REQUEST_INVALID' }])
})

test('rules are replaced, a password rotated, and both told to the gateway', async () => {
  const told: unknown[] = []
  const stop = api.operations.subscribeRegistry((change) => told.push(change))
  const rules = { subscribe: ['v1/s2/#'], publish: [], mappings: [] }
  const changed = await api.ask('PUT', '/v1/credentials/anna/rules', rules)
  expect([changed.statusCode, changed.json()]).toMatchObject([200, rules])
  const before = await api.operations.credential('anna')
  const rotated = await api.ask('POST', '/v1/credentials/anna/rotate', {})
  const kept = await api.operations.credential('anna')
  expect(kept && verifySecret(rotated.json<{ password: string }>().password, kept)).toBe(true)
  expect(kept).toMatchObject({ subscribe: ['v1/s2/#'] })
  expect(kept?.hash).not.toBe(before?.hash)
  expect(told).toEqual(Array(2).fill({ what: 'credential', username: 'anna' }))
  stop()
})

test('a revoked credential is told, and may be made again', async () => {
  const answer = await api.ask('POST', '/v1/credentials/zigbee/revoke')
  expect([answer.statusCode, answer.json()]).toMatchObject([200, { revoked: true }])
  expect((await api.ask('POST', '/v1/credentials/zigbee/rotate', {})).statusCode).toBe(409)
  expect((await api.ask('POST', '/v1/credentials', bridge)).statusCode).toBe(201)
})

test('what is asked of an unknown credential, or of a device, is 404', async () => {
  for (const name of ['nobody', 's1.d1'])
    expect((await api.ask('POST', `/v1/credentials/${name}/revoke`)).statusCode).toBe(404)
})
