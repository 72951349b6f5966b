import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ModelScore, RegisteredModel } from '../domain/index.ts'
import { createTestApi, testStart, type TestApi } from '../test/api/test-api.ts'

let api: TestApi
beforeEach(async () => {
  api = await createTestApi()
})
afterEach(() => api.close())

const model = (version: string, changes: Partial<RegisteredModel> = {}): RegisteredModel => ({
  ...{ version, target: 'demand', label: 'proven', serving: false, trainedAt: testStart },
  ...{ historyFrom: testStart - 9, historyUntil: testStart, seed: 1, codeVersion: '1' },
  ...{ scores: { model: 0.2 }, state: 'standby', stateSince: testStart, reason: 'It was trained.' },
  ...{ servedUntil: null, ...changes },
})

test('a version is promoted by hand and rolled back in one step, and each says who and why', async () => {
  await api.operations.saveModel(model('v1', { state: 'serving' }), testStart)
  await api.operations.saveModel(model('v2'), testStart)
  const promoted = await api.ask('POST', '/v1/models/v2/serve', {})
  expect(promoted.json()).toMatchObject({
    ...{ version: 'v2', state: 'serving', serving: true },
    reason: expect.stringContaining('Chosen by') as string,
  })
  const back = await api.ask('POST', '/v1/models/rollback', {})
  expect(back.json()).toMatchObject({ version: 'v1', state: 'serving' })
  const { items } = (await api.ask('GET', '/v1/models')).json<{ items: RegisteredModel[] }>()
  expect(items.map(({ version, state }) => `${version} ${state}`).sort()).toEqual([
    'v1 serving',
    'v2 standby',
  ])
})

test('what cannot be done is a problem with what to do', async () => {
  const none = await api.ask('POST', '/v1/models/rollback', { target: 'footfall' })
  expect([none.statusCode, none.json<{ code: string }>().code]).toEqual([404, 'RT_NOT_FOUND'])
  await api.operations.saveModel(model('gone', { state: 'retired' }), testStart)
  const retired = await api.ask('POST', '/v1/models/gone/serve', {})
  expect([retired.statusCode, retired.json<{ code: string }>().code]).toEqual([
    ...[409, 'RT_WRONG_STATE'],
  ])
})

test('without the right to write nobody changes what serves', async () => {
  await api.operations.saveModel(model('v1'), testStart)
  const answer = await api.app.inject({ method: 'POST', url: '/v1/models/v1/serve', payload: {} })
  expect(answer.statusCode).toBe(401)
})

test('the report of a version is its JSON and its table', async () => {
  await api.operations.saveModelReport('v1', { body: '{"windows":4}', words: 'four windows' })
  const answer = await api.ask('GET', '/v1/models/v1/report')
  expect(answer.json()).toEqual({ version: 'v1', report: { windows: 4 }, words: 'four windows' })
  expect((await api.ask('GET', '/v1/models/v2/report')).statusCode).toBe(404)
})

test('scores are added up by model, or by site or day too', async () => {
  const score = (changes: Partial<ModelScore>): ModelScore => ({
    ...{ target: 'demand', model: 'v1', site: 's1', day: '2026-11-21', windows: 4, censored: 1 },
    ...{ amount: 10, mean: 11, absolute: 4, loss: 2, below10: 1, below50: 2, below90: 4 },
    ...changes,
  })
  await api.operations.addModelScores([
    score({}),
    score({ site: 's2', amount: 30, mean: 33, loss: 10 }),
    score({ model: 'naive-24h', loss: 6 }),
  ])
  const items = async (query: string): Promise<Record<string, unknown>[]> =>
    (await api.ask('GET', `/v1/models/scores${query}`)).json<{ items: [] }>().items
  expect(await items('?by=model')).toMatchObject([
    { model: 'naive-24h', wql: 0.6, site: null },
    { model: 'v1', windows: 8, censored: 2, wql: 0.3, wape: 0.2, wpe: 0.1, below90: 1 },
  ])
  expect((await items('?by=site&site=s2')).map(({ site }) => site)).toEqual(['s2'])
  expect(await items('?from=2026-11-22')).toEqual([])
})
