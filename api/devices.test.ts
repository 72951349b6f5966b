import { afterAll, beforeAll, expect, test } from 'vitest'
import { verifySecret } from '../domain/index.ts'
import { createTestApi, testStart, type TestApi } from '../test/api/test-api.ts'

let api: TestApi
beforeAll(async () => {
  api = await createTestApi()
})
afterAll(() => api.close())

interface Login {
  readonly username: string
  readonly password: string
}

test('registering gives the login once, makes the site, and keeps a hash only', async () => {
  const answer = await api.ask('POST', '/v1/devices', {
    ...{ site: 'new', device: 'probe-1', kind: 'probe', zone: 'chilled' },
  })
  expect([answer.statusCode, answer.json()]).toMatchObject([
    201,
    { site: 'new', device: 'probe-1', clientId: 'new.probe-1', username: 'new/probe-1' },
  ])
  const { password } = answer.json<Login>()
  const kept = await api.operations.credential('new/probe-1')
  expect(kept && verifySecret(password, kept)).toBe(true)
  expect(JSON.stringify(kept)).not.toContain(password)
  const shown = await api.ask('GET', '/v1/devices/new/probe-1')
  expect(shown.json()).toMatchObject({ id: 'new.probe-1', kind: 'probe', zone: 'chilled' })
  expect((await api.ask('GET', '/v1/sites/new')).statusCode).toBe(200)
})

test('rotating ends the old password', async () => {
  const old = await api.operations.credential('new/probe-1')
  const answer = await api.ask('POST', '/v1/devices/new/probe-1/rotate')
  const kept = await api.operations.credential('new/probe-1')
  expect(kept?.hash).not.toBe(old?.hash)
  expect(kept && verifySecret(answer.json<Login>().password, kept)).toBe(true)
})

test('a command waits for the device', async () => {
  const answer = await api.ask('POST', '/v1/devices/new/probe-1/commands', {
    set: { intervalMs: 10_000 },
  })
  expect([answer.statusCode, answer.json()]).toMatchObject([202, { status: 'queued' }])
  const waiting = await api.operations.pendingCommands('new', 'probe-1', testStart)
  expect(waiting).toMatchObject([{ set: { intervalMs: 10_000 } }])
})

test('a command without anything to set, or with a nested thing, is refused', async () => {
  for (const set of [{}, { a: {} }, { '': 1 }, { 'a b': 1 }]) {
    const answer = await api.ask('POST', '/v1/devices/new/probe-1/commands', { set })
    expect([set, answer.statusCode]).toEqual([set, 400])
  }
})

test('a revoked device has no password left', async () => {
  const answer = await api.ask('POST', '/v1/devices/new/probe-1/revoke')
  expect(answer.json()).toMatchObject({ status: 'revoked' })
  expect((await api.operations.credential('new/probe-1'))?.revoked).toBe(true)
})

test('a device that came by itself is adopted', async () => {
  await api.operations.applyBatch({
    applied: { group: 'ingest', partition: 0, position: 1 },
    sightings: [{ site: 'new', device: 'stray', at: testStart, unregistered: true }],
    ...{ stock: [], deadLetters: [], alarms: [], commandResults: [] },
  })
  const list = await api.ask('GET', '/v1/devices?status=unregistered')
  expect(list.json()).toMatchObject({ items: [{ device: 'stray', kind: null }] })
  const answer = await api.ask('POST', '/v1/devices/new/stray/adopt', { kind: 'shelf' })
  expect([answer.statusCode, answer.json()]).toMatchObject([200, { kind: 'shelf' }])
})

test('what is asked of an unknown device is 404', async () => {
  for (const step of ['rotate', 'revoke'])
    expect((await api.ask('POST', `/v1/devices/new/none/${step}`)).statusCode).toBe(404)
  expect((await api.ask('GET', '/v1/devices/new/none')).statusCode).toBe(404)
})
