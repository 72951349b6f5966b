import { expect, test } from 'vitest'
import { loadSettings, unknownVariables } from './load-settings.ts'

test('a flag goes over the environment, and the environment over the default', () => {
  const settings = loadSettings({
    flags: { 'http.port': '9000' },
    env: { LARDER_HTTP_PORT: '9001', LARDER_MQTT_PORT: '1999' },
    file: null,
  })
  expect([settings.http.port, settings.mqtt.port, settings.city.speed]).toEqual([9000, 1999, 60])
})

test('all problems come in one message, with key, value and what is allowed', () => {
  const load = (): unknown =>
    loadSettings({
      flags: { 'http.port': 'abc', 'city.sim': 'moon' },
      env: { LARDER_SEED: '-1' },
      file: null,
    })
  expect(load).toThrow(/3 problem/)
  expect(load).toThrow(/city\.sim .*"moon".*city \| none/)
})

test('a variable that is named like a setting and is none is found', () => {
  const env = {
    LARDER_SERIES_TOKENFILE: '/run/token',
    LARDER_HTTP_PORT: '1',
    LARDER_KEY: 'k',
    HOME: '/',
  }
  expect(unknownVariables(env)).toEqual(['LARDER_SERIES_TOKENFILE'])
})
