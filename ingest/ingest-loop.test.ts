import { expect, test } from 'vitest'
import {
  fencedError,
  LarderError,
  type Applied,
  type LoggedMessage,
  type Position,
} from '../domain/index.ts'
import { createMemoryMessageLog, type LogBatch, type MessageLog } from '../message-log/index.ts'
import { createRandom, silentLogger, wallClock } from '../runtime/index.ts'
import { runIngestLoop } from './ingest-loop.ts'
import type { PreparedMessage } from './prepare-batch.ts'
import type { Sink } from './sinks/sink.ts'

const batchOf = (partition: number, from: Position, to: Position): LogBatch => ({
  partition,
  position: to,
  messages: Array.from({ length: to - from + 1 }, (_, i) => ({
    ...{ topic: 'v1/s/d/telemetry', payload: new Uint8Array(), receivedAt: 0, clientId: null },
    ...{ qos: 1 as const, retain: false, position: from + i },
  })),
  holes: [],
})

const prepared = (message: LoggedMessage): PreparedMessage =>
  ({ message, readings: [], duplicates: 0 }) as unknown as PreparedMessage

/** A store's side of a sink: refuses whoever does not stand where it stands. */
function createStore() {
  const stands = new Map<number, Position>()
  const written: string[] = []
  const store = {
    stands,
    written,
    write({ partition, position, from }: Applied, positions: readonly Position[]): void {
      const at = stands.get(partition) ?? null
      if (at === position) return
      if (from !== at)
        throw fencedError({ group: 'g', partition, position, from: from ?? null }, at)
      stands.set(partition, position)
      written.push(`${partition}: ${positions.join(' ')}`)
    },
  }
  return store
}

/** What a log does, step by step; each call of `consume` takes the next list of steps. */
type Step =
  | { readonly comes: number }
  | { readonly goes: number }
  | { readonly batch: LogBatch }
  | { readonly then: () => void }

async function run(
  runs: Step[][],
  store: ReturnType<typeof createStore>,
  options: {
    onStart?: (lose: (partition: number) => void) => void
    prepare?: (batch: LogBatch) => Promise<void>
    write?: (applied: Applied) => void
  } = {},
) {
  const stopping = new AbortController()
  const asked: string[] = []
  const lost: number[] = []
  let opened = 0
  const memory = createMemoryMessageLog()
  const log: MessageLog = {
    ...memory,
    commit: () => Promise.resolve(),
    async *consume(_, { after, onLost }) {
      options.onStart?.(onLost!)
      for (const step of runs.shift() ?? []) {
        if ('comes' in step) asked.push(`${step.comes} after ${await after!(step.comes)}`)
        else if ('goes' in step) onLost!(step.goes)
        else if ('batch' in step) yield step.batch
        else step.then()
      }
      if (runs.length === 0) stopping.abort(new LarderError('RT_STOPPED', 'over'))
    },
  }
  const sink: Sink = {
    group: 'g',
    applied: () => Promise.resolve(new Map(store.stands)),
    async write(messages, applied) {
      await Promise.resolve()
      options.write?.(applied)
      store.write(
        applied,
        messages.map(({ message }) => (message as unknown as LoggedMessage).position),
      )
    },
  }
  await runIngestLoop({
    ...{ log, sinks: [sink], wall: wallClock, random: createRandom(1), logger: silentLogger },
    ...{ batchMessages: 100, gatherMs: 0, signal: stopping.signal },
    openSinks: () => {
      opened++
      return Promise.resolve([sink])
    },
    async prepare(batch) {
      await options.prepare?.(batch)
      return batch.messages.map(prepared)
    },
    onAssigned: () => undefined,
    onLost: (partition) => lost.push(partition),
    onBatch: () => undefined,
    onApplied: () => undefined,
  }).catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error
  })
  await memory.close()
  return { asked, lost, opened }
}

test('partitions are written one after the other, each from where its store stands', async () => {
  const store = createStore()
  store.stands.set(1, 40_000)
  const steps: Step[] = [
    { comes: 0 },
    { comes: 1 },
    { batch: batchOf(0, 1, 3) },
    { batch: batchOf(1, 39_999, 40_002) },
    { batch: batchOf(0, 4, 4) },
  ]
  const { asked, opened } = await run([steps], store)
  expect(asked).toEqual(['0 after null', '1 after null'])
  expect(store.written).toEqual(['0: 1 2 3', '1: 40001 40002', '0: 4'])
  expect(opened).toBe(1)
})

test('a partition that went is not written any more, and one that came has the sinks read their stores again', async () => {
  const store = createStore()
  const steps: Step[] = [
    { comes: 0 },
    { comes: 1 },
    { batch: batchOf(0, 1, 1) },
    { goes: 0 },
    { batch: batchOf(0, 2, 2) },
    { batch: batchOf(1, 1, 1) },
    { then: () => store.stands.set(0, 5) },
    { comes: 0 },
    { batch: batchOf(0, 1, 7) },
  ]
  const { lost, opened } = await run([steps], store)
  expect(store.written).toEqual(['0: 1', '1: 1', '0: 6 7'])
  expect(lost).toEqual([0])
  expect(opened).toBe(2)
})

test('a partition that goes while its batch is prepared, or tried again, is left alone', async () => {
  const store = createStore()
  let goes: (partition: number) => void = () => undefined
  const steps: Step[] = [
    ...[{ comes: 0 }, { comes: 1 }, { batch: batchOf(0, 1, 1) }],
    ...[{ batch: batchOf(0, 2, 2) }, { batch: batchOf(1, 1, 1) }, { batch: batchOf(1, 2, 2) }],
  ]
  await run([steps], store, {
    onStart: (lose) => (goes = lose),
    prepare({ partition, position }) {
      if (partition === 0 && position === 2) goes(0)
      return Promise.resolve()
    },
    write({ partition, position }) {
      if (partition !== 1 || position !== 2) return
      goes(1)
      throw new LarderError('RT_NOT_READY', 'away')
    },
  })
  expect(store.written).toEqual(['0: 1', '1: 1'])
})

test('an owner that another has overtaken is refused, and begins again where the store stands', async () => {
  const store = createStore()
  const first: Step[] = [
    { comes: 0 },
    { comes: 1 },
    { batch: batchOf(0, 1, 2) },
    { then: () => store.stands.set(0, 4) },
    { batch: batchOf(0, 3, 5) },
    { batch: batchOf(1, 1, 1) },
  ]
  const second: Step[] = [
    { comes: 0 },
    { comes: 1 },
    { batch: batchOf(0, 1, 6) },
    { batch: batchOf(1, 1, 1) },
  ]
  const { lost } = await run([first, second], store)
  expect(store.written).toEqual(['0: 1 2', '0: 5 6', '1: 1'])
  expect(lost).toEqual([0, 1])
})

test('a write whose answer was lost is not done twice', async () => {
  const store = createStore()
  let failures = 1
  await run([[{ comes: 0 }, { batch: batchOf(0, 1, 2) }, { batch: batchOf(0, 3, 3) }]], store, {
    write(applied) {
      if (failures-- <= 0) return
      store.write(applied, [1, 2])
      throw new LarderError('RT_NOT_READY', 'the answer was lost')
    },
  })
  expect(store.written).toEqual(['0: 1 2', '0: 3'])
})
