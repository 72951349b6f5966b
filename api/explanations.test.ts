import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Forecast } from '../domain/index.ts'
import { forecast } from '../store/operations-store/samples.contract.ts'
import { createTestApi, testStart, type TestApi } from '../test/api/test-api.ts'

let api: TestApi
const explanation: NonNullable<Forecast['explanation']> = {
  usual: 14.2,
  parts: [{ group: 'discount', words: '20 % off', units: 3.1 }],
  rest: -0.6,
  mean: 16.7,
}
const explained = forecast(testStart, { explanation })
const naive = forecast(testStart, {
  ...{ id: 'demand.s1.p2.1', product: 'p2', label: 'baseline', servedBy: 'naive-168h' },
})
beforeAll(async () => {
  api = await createTestApi()
  await api.operations.saveForecasts([explained, naive])
})
afterAll(() => api.close())

test('a forecast says why it is what it is, in itself and on its own', async () => {
  const own = await api.ask('GET', `/v1/forecasts/${explained.id}/explanation`)
  expect(own.json()).toEqual(explanation)
  const whole = await api.ask('GET', `/v1/forecasts/${explained.id}`)
  expect(whole.json()).toMatchObject({ explanation })
})

test('one of a baseline says that it weighs nothing, and one that is not there that it is not', async () => {
  const baseline = await api.ask('GET', `/v1/forecasts/${naive.id}/explanation`)
  expect(baseline.statusCode).toBe(404)
  expect(baseline.json<{ detail: string }>().detail).toContain('naive-168h')
  expect((await api.ask('GET', '/v1/forecasts/nobody/explanation')).statusCode).toBe(404)
})
