import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { inThreads, loadTensorFlow, trainModel, type NetworkModel } from '../../models/index.ts'
import type { TrainingOptions } from '../../models/training/options.ts'
import { wallClock } from '../../runtime/index.ts'
import { makeSyntheticHistory, syntheticOrigin } from '../models/synthetic-history.ts'

const history = makeSyntheticHistory({ sites: 3, products: 4, days: 21, seed: 9 })

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'larder-threads-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function train(options: Partial<TrainingOptions> = {}): Promise<NetworkModel> {
  return trainModel(await loadTensorFlow('wasm'), history, {
    ...{ until: syntheticOrigin(21, 0), seed: 1, maxMinutes: 5, clock: wallClock },
    plan: {
      ...{ members: 3, width: 16, blocks: 1, epochs: 3, settleEpochs: 1 },
      ...{ originsPerEpoch: 10, batch: 32 },
    },
    ...options,
  })
}

test('one seed gives the same model whether one thread trains its members or two', async () => {
  const alone = await train()
  const together = await train({ crew: inThreads(2, 'wasm') })
  expect(together.members).toEqual(alone.members)
  expect(together.calibration).toEqual(alone.calibration)
  expect(together.version.version).toBe(alone.version.version)
  expect(together.version.scores).toEqual(alone.version.scores)
})

test('threads that are interrupted end at once, and others go on to the same model', async () => {
  const straight = await train()
  const abort = new AbortController()
  const interrupted = train({
    crew: inThreads(2, 'wasm'),
    checkpointFolder: folder,
    signal: abort.signal,
    onProgress: ({ done }) => {
      if (done >= 2) abort.abort(new Error('interrupted'))
    },
  })
  await expect(interrupted).rejects.toThrow('interrupted')
  const seen: number[] = []
  const resumed = await train({
    crew: inThreads(2, 'wasm'),
    checkpointFolder: folder,
    onProgress: ({ done }) => seen.push(done),
  })
  expect(Math.min(...seen)).toBeGreaterThanOrEqual(1.5)
  expect(resumed.members).toEqual(straight.members)
})
