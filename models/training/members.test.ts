import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createRandom, wallClock } from '../../runtime/index.ts'
import { makeSyntheticHistory, syntheticStart } from '../../test/models/synthetic-history.ts'
import { createEnsemble, type EnsembleAnswers } from '../ensemble/index.ts'
import type { NetworkModel } from '../network-model.ts'
import { loadTensorFlow } from '../tf.ts'
import { trainModel } from './train-model.ts'
import { createCrew, hereAlone, type CrewStarter } from './crew.ts'
import type { EpochToLearn, TrainingHand } from './hand.ts'
import type { TrainingOptions } from './options.ts'

const tiny = { width: 12, blocks: 1, epochs: 2, settleEpochs: 1, originsPerEpoch: 8, batch: 32 }
const history = makeSyntheticHistory({ sites: 2, products: 2, days: 16, seed: 9 })

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'larder-members-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function train(options: Partial<TrainingOptions> = {}): Promise<NetworkModel> {
  return trainModel(await loadTensorFlow('wasm'), history, {
    ...{ until: syntheticStart + history.hours * 3_600_000, seed: 1, maxMinutes: 5 },
    clock: wallClock,
    plan: { ...tiny, members: 3 },
    ...options,
  })
}

/** A hand of this thread whose learning can be answered for it. */
async function withHand(
  learn: (work: EpochToLearn, hand: TrainingHand) => Promise<number>,
): Promise<CrewStarter> {
  const alone = hereAlone(await loadTensorFlow('wasm'))
  return {
    size: 1,
    async start(setup, run) {
      const crew = await alone.start(setup, run)
      const hand = await crew.run((hand) => Promise.resolve(hand))
      return createCrew([{ ...hand, learn: (work) => learn(work, hand) }], () => crew.stop())
    },
  }
}

test('a model answers with the average of its members', async () => {
  const { tf } = await loadTensorFlow('wasm')
  const { shape, members } = await train()
  const random = createRandom(2)
  const rows = Float32Array.from({ length: 20 * shape.inputs }, () => 2 * random.next() - 1)
  const ask = (some: NetworkModel['members']): EnsembleAnswers => {
    const ensemble = createEnsemble(tf, { shape, members: some })
    const answers = ensemble.answer(rows)
    ensemble.dispose()
    return answers
  }
  const together = ask(members)
  const each = members.map((member) => ask([member]))
  expect(each).toHaveLength(3)
  expect(each[0]!.quantiles).not.toEqual(each[1]!.quantiles)
  for (const name of ['mean', 'quantiles', 'hourMean', 'hourQuantiles'] as const) {
    together[name].forEach((value, i) => {
      const average = each.reduce((sum, answers) => sum + answers[name][i]!, 0) / 3
      expect(Math.abs(value - average)).toBeLessThan(1e-5)
    })
  }
})

test('three members interrupted at any epoch go on and end with the weights of an uninterrupted training', async () => {
  const straight = await train()
  const abort = new AbortController()
  const interrupted = train({
    checkpointFolder: folder,
    signal: abort.signal,
    onProgress: ({ done }) => {
      if (done >= 1.4) abort.abort(new Error('interrupted'))
    },
  })
  await expect(interrupted).rejects.toThrow('interrupted')
  const seen: number[] = []
  const resumed = await train({
    checkpointFolder: folder,
    onProgress: ({ done }) => seen.push(done),
  })
  expect(Math.min(...seen)).toBeGreaterThanOrEqual(1)
  expect(resumed.members).toEqual(straight.members)
  expect(await readdir(folder)).toEqual([])
})

test('a member that diverges begins once more with another seed', async () => {
  const seeds: number[] = []
  const model = await train({
    crew: await withHand(async (work, hand) => {
      if (work.member === 1) seeds.push(work.seed)
      return work.member === 1 && work.seed === seeds[0] && work.epoch === 1
        ? NaN
        : hand.learn(work)
    }),
  })
  expect(new Set(seeds).size).toBe(2)
  expect(model.members).toHaveLength(3)
  expect(model.members[1]!.seed).toBe(seeds.at(-1))
})

test('a member that diverges twice is not averaged in, and the model says how many were wanted', async () => {
  const model = await train({
    crew: await withHand((work, hand) =>
      work.member === 2 ? Promise.resolve(NaN) : hand.learn(work),
    ),
  })
  expect(model.members).toHaveLength(2)
  expect(model.membersPlanned).toBe(3)
})

test('where every member diverges, training says so and what to look at', async () => {
  const crew = await withHand(() => Promise.resolve(NaN))
  await expect(train({ crew })).rejects.toThrow(/diverged with every seed.*wildly too large/)
})

test('the limit of minutes shortens the schedule of all members alike and is kept with the model', async () => {
  let now = 0
  const phases: [number, number, string][] = []
  const crew = await withHand(async (work, hand) => {
    phases.push([work.member, work.epoch, work.phase])
    now += 60_000
    return hand.learn(work)
  })
  const model = await train({
    crew,
    maxMinutes: 10,
    clock: { ...wallClock, now: () => now },
    plan: { ...tiny, members: 2, epochs: 12, settleEpochs: 3 },
  })
  expect(model.cutShort).toBe(true)
  expect(now).toBeLessThanOrEqual(10 * 60_000)
  expect(now).toBeGreaterThan(6 * 60_000)
  expect(phases.filter(([member]) => member === 0)).toHaveLength(model.epochs)
  expect(phases.filter(([member]) => member === 1)).toHaveLength(model.epochs)
  expect(phases.at(-1)![2]).toBe('settle')
})
