import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { minuteMs } from '../../domain/index.ts'
import {
  loadTensorFlow,
  startModels,
  trainModel,
  type History,
  type Train,
} from '../../models/index.ts'
import type { TrainingOptions } from '../../models/training/options.ts'
import { createManualClock, createMetrics, silentLogger, wallClock } from '../../runtime/index.ts'
import { createTestApi, type TestApi } from '../api/test-api.ts'
import { createCityStores } from '../models/city-stores.ts'
import { makeSyntheticHistory, syntheticOrigin } from '../models/synthetic-history.ts'

interface Model {
  readonly version: string
  readonly state: string
  readonly reason: string
}

const sites = ['s0', 's1', 's2', 's3', 's4', 's5']
const products = ['p0', 'p1', 'p2', 'p3']
const synthetic = makeSyntheticHistory({ sites: 6, products: 4, days: 45, seed: 3 })
/** Every other day sells four times as much, which no baseline can say and a network learns at once. */
const history: History = {
  ...synthetic,
  series: synthetic.series.map((series) => ({
    ...series,
    value: series.value.map((amount, hour) => (hour % 48 < 24 ? amount : 4 * amount)),
  })),
}

const small = { members: 1, width: 32, blocks: 1, batch: 64 }
const hasty = { ...small, width: 4, epochs: 1, settleEpochs: 1, originsPerEpoch: 4 }
const thorough = { ...small, epochs: 16, settleEpochs: 4, originsPerEpoch: 48 }

let folder: string
let api: TestApi
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'larder-nightly-'))
  api = await createTestApi()
  const { operations } = api
  await operations.putMasterData(
    'sites',
    sites.map((id) => ({ id, name: id, kind: 'store', timeZone: 'UTC' })),
    0,
  )
  await operations.putMasterData(
    'products',
    products.map((id) => ({
      id,
      name: id,
      tempClass: 'ambient',
      shortageCost: 100,
      overageCost: 20,
    })),
    0,
  )
})
afterEach(async () => {
  await api.close()
  await rm(folder, { recursive: true, force: true })
})

/** The stage on that history, from five in the morning of its 30th day. Trainings follow the plan that is set. */
function start() {
  const clock = createManualClock(syntheticOrigin(30, 5) + 5 * minuteMs)
  const wall = createManualClock(0)
  const machine = { plan: hasty as TrainingOptions['plan'], load: 0, trained: 0, isEndless: false }
  const train: Train = async (past, { backend, ...request }, run) => {
    machine.trained++
    if (machine.isEndless) await wallClock.sleepUntil(Infinity, { signal: run.signal })
    return trainModel(await loadTensorFlow(backend), past, {
      ...{ ...request, ...run, clock: wallClock, plan: machine.plan },
    })
  }
  const stage = startModels({
    ...{ series: createCityStores(history).series, operations: api.operations },
    ...{ clock, wall, train, folder, seed: 1, logger: silentLogger },
    metrics: createMetrics({ withProcess: false }),
    settings: { enabled: true, backend: 'wasm', maxMinutes: 1, graceMinutes: 20 },
    machine: { load: () => machine.load, freeMegabytes: () => 4_000 },
  })
  const until = async (what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> => {
    const startedAt = wallClock.now()
    do {
      if (wallClock.now() - startedAt > 60_000) throw new Error(`not within a minute: ${what}`)
      await wall.advanceTo(wall.now() + 500)
      await sleep(2)
    } while (!(await isTrue()))
  }
  const ingestIsBehind = (lagMs: number): Promise<void> =>
    api.operations.reportStage(
      {
        ...{ name: 'ingest', process: 'a:1', ready: true, active: true, words: '' },
        ...{ progress: null, lagMs },
      },
      wall.now(),
    )
  return { clock, machine, stage, until, ingestIsBehind }
}

async function models(): Promise<readonly Model[]> {
  const answer = await api.ask('GET', '/v1/models?type=demand')
  return answer.json<{ items: Model[] }>().items
}

/** Who answered the newest forecasts, and from which origin. */
async function served(): Promise<{ origin: number; model: string; reason: string }> {
  const { items } = await api.operations.list('forecasts', { latest: true, limit: 1 })
  const [{ origin, model, reason } = { origin: 0, model: '', reason: '' }] = items
  return { origin, model, reason }
}

test('a night trains what then serves, a person takes it back, and days in the shadow bring it again', async () => {
  const { clock, machine, stage, until, ingestIsBehind } = start()
  await until('the first network serves', async () => (await served()).model.startsWith('demand-'))
  const [first] = await models()
  expect(first).toMatchObject({ state: 'serving' })
  expect(first!.reason).toContain('It is the first network of demand')

  machine.plan = thorough
  machine.load = 3
  await clock.advanceTo(syntheticOrigin(31, 2) + minuteMs)
  await until('it is put off', () => stage.status().words.includes('put off: the load is 3.0'))
  expect(machine.trained).toBe(1)

  machine.load = 0
  machine.isEndless = true
  await clock.advanceTo(syntheticOrigin(31, 3) + minuteMs)
  await until('it is trained', () => machine.trained === 2)
  await until('it makes way', async () => {
    await ingestIsBehind(8_000)
    return stage
      .status()
      .words.includes('put off: ingest is 8 s behind. What it has learnt is kept.')
  })

  machine.isEndless = false
  await ingestIsBehind(0)
  await clock.advanceTo(syntheticOrigin(31, 4) + minuteMs)
  await until('another network serves', async () => (await served()).model !== first!.version)
  expect(stage.status().words).not.toContain('put off')
  const [second, forerunner] = await models()
  expect(second).toMatchObject({ state: 'serving' })
  expect(second!.reason).toMatch(/better than the serving version demand-.* on \d+ windows/)
  expect(forerunner).toMatchObject({ version: first!.version, state: 'standby' })
  expect(await served()).toEqual({
    ...{ origin: syntheticOrigin(31, 4), model: second!.version, reason: second!.reason },
  })

  await api.ask('POST', '/v1/models/rollback', { target: 'demand' })
  await until('the first serves again', async () => (await served()).model === first!.version)
  expect((await models()).map(({ state }) => state)).toEqual(['standby', 'serving'])

  machine.load = 3
  await api.ask('POST', `/v1/models/${second!.version}/shadow`)
  const isInShadow = async (): Promise<boolean> => (await models())[0]!.state === 'shadow'
  for (let hour = 6; (await isInShadow()) && hour < 24 * 8; hour += 3) {
    const origin = syntheticOrigin(31, hour)
    await clock.advanceTo(origin + minuteMs)
    await until(`hour ${hour}`, async () => (await served()).origin === origin)
  }
  const [again, before] = await models()
  expect(again).toMatchObject({ version: second!.version, state: 'serving' })
  expect(again!.reason).toMatch(/better than .* in the shadow, on \d+ windows of \d days/)
  expect(before).toMatchObject({ version: first!.version, state: 'standby' })
  expect(machine.trained).toBe(3)
  await stage.stop()
})
