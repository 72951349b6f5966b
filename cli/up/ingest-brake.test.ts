import { expect, test } from 'vitest'
import { until } from '../../test/support/until.ts'
import { brakeByIngest, brakeFor } from './ingest-brake.ts'

test('nothing waits while ingest keeps up, and no more than a fifth of a second however far it is behind', () => {
  expect([0, 300, 1300, 2300, 1e9].map(brakeFor)).toEqual([0, 0, 100, 200, 200])
})

test('it follows the lag, and an ingest that does not answer leaves it as it is', async () => {
  let lag: number | Error = 2300
  const brake = brakeByIngest({
    lagMs: () => (lag instanceof Error ? Promise.reject(lag) : Promise.resolve(lag)),
    everyMs: 1,
    onError: () => undefined,
  })
  await until(() => brake.brakeMs() === 200)
  lag = new Error('stopped')
  await until(() => brake.brakeMs() === 200)
  lag = 0
  await until(() => brake.brakeMs() === 0)
  brake.stop()
})
