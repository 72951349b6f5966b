import { afterEach, beforeEach, expect, test } from 'vitest'
import { createManualClock, type ManualClock } from '../../runtime/index.ts'
import { createSqliteOperationsStore, noEffects, type OperationsStore } from '../../store/index.ts'
import { createCatalogue, type Catalogue } from '../catalogue.ts'
import { createEffectsWatch } from '../derive/operations-effects.ts'
import type { PreparedMessage } from '../prepare-batch.ts'
import { createOperationsSink, type Unsaid } from './operations-sink.ts'

let operations: OperationsStore
let catalogue: Catalogue
let wall: ManualClock
const unsaid: Unsaid = new Map()

beforeEach(async () => {
  operations = await createSqliteOperationsStore({ file: ':memory:' })
  wall = createManualClock(1_000_000)
  catalogue = await createCatalogue(operations, wall)
  unsaid.clear()
})
afterEach(async () => {
  catalogue.stop()
  await operations.close()
})

const open = async () => {
  const effects = await createEffectsWatch({ operations, catalogue, wall })
  return createOperationsSink({ operations, effects, wall, unsaid })
}
const at = (position: number, from: number | null) => ({
  ...{ group: 'operations', partition: 0, position, from },
})
const standsAt = async () => (await operations.applied('operations')).get(0)

function bad(position: number): PreparedMessage {
  const place = {
    ...{ partition: 0, position, receivedAt: 5, firstPlace: null, isBacklog: false },
    ...{ isHistorical: false, news: null },
  }
  const letter = {
    ...{ id: `0.${position}`, topic: 'v1/s/d/telemetry', path: null, payload: new Uint8Array(0) },
    ...{ receivedAt: 5, reason: 'empty' as const, words: 'Empty.', replayedAt: null },
  }
  return {
    message: { ...place, type: 'bad', letter },
    ...{
      device: null,
      readings: [],
      doubted: [],
      isClockFault: false,
      isSequenceFault: false,
      duplicates: 0,
    },
  }
}

test('a batch that says nothing is not written by itself: it goes with the next that says something', async () => {
  const sink = await open()
  await sink.write([bad(10)], at(10, null))
  expect(await standsAt()).toBe(10)
  await sink.write([], at(20, 10))
  await sink.write([], at(30, 20))
  expect(await standsAt()).toBe(10)
  await sink.write([bad(40)], at(40, 30))
  expect(await standsAt()).toBe(40)
  expect((await operations.list('dead-letters', { limit: 9 })).items).toHaveLength(2)
})

test('or after a second, and a sink opened again in between goes on from where the store stands', async () => {
  const sink = await open()
  await sink.write([bad(10)], at(10, null))
  await sink.write([], at(20, 10))
  const opened = await open()
  await wall.advanceTo(1_001_000)
  await opened.write([], at(30, 20))
  expect(await standsAt()).toBe(30)
})

test('a position that another owner wrote is not gone over, and what was not said is forgotten then', async () => {
  const sink = await open()
  await sink.write([bad(10)], at(10, null))
  await sink.write([], at(20, 10))
  await operations.applyBatch({
    applied: at(20, 10),
    ...noEffects,
  })
  await expect(sink.write([bad(30)], at(30, 20))).rejects.toMatchObject({ code: 'RT_FENCED' })
  expect(await standsAt()).toBe(20)
  await sink.write([bad(30)], at(30, 20))
  expect(await standsAt()).toBe(30)
})
