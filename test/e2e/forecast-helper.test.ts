import { availableParallelism } from 'node:os'
import { expect, test } from 'vitest'
import { dayMs } from '../../domain/index.ts'
import { helpInThread } from '../../models/ensemble/index.ts'
import { isSlot, moveSlot } from '../../models/ensemble/slots.ts'
import { inputNames, learnLayout } from '../../models/features/index.ts'
import { createNetworkForecaster, loadTensorFlow } from '../../models/index.ts'
import { createNetwork, readWeights } from '../../models/network/index.ts'
import { makeSyntheticHistory, syntheticOrigin } from '../models/synthetic-history.ts'
import { until } from '../support/until.ts'

const bytesOf = ({ buffer }: Float32Array | Uint8Array): Buffer => Buffer.from(buffer)

test.skipIf(availableParallelism() < 2)(
  'a helper in a thread of its own changes no bit of a forecast, with yesterday and explanations',
  async () => {
    const tensorFlow = await loadTensorFlow('wasm')
    const history = makeSyntheticHistory({ sites: 100, products: 100, days: 9, seed: 3 })
    const layout = learnLayout({ ...history, series: history.series.slice(0, 500) }, 216, () => 0)
    const inputs = inputNames(layout).length
    const shape = { inputs, width: 16, blocks: 1 }
    const model = {
      ...{ name: 'helped', layout, shape, calibration: null },
      means: new Array<number>(inputs).fill(0.1),
      deviations: new Array<number>(inputs).fill(1.5),
      members: [1, 2, 3].map((seed) => {
        const network = createNetwork(tensorFlow.tf, shape, seed)
        const weights = readWeights(network)
        network.dispose()
        return { seed, weights }
      }),
    }
    const helper = helpInThread((error) => {
      throw error
    })(model)!
    // Ready before it is needed: these networks are so small that this thread would be done first.
    const [slot] = helper.slots
    moveSlot(slot!, 'free', 'asked')
    helper.show(0)
    await until(() => isSlot(slot!, 'done'), 20_000)
    slot!.answers.mean.fill(0)
    moveSlot(slot!, 'done', 'free')

    const alone = createNetworkForecaster(tensorFlow, model)
    const together = createNetworkForecaster(tensorFlow, model, () => helper)
    const origin = syntheticOrigin(9, 0) - dayMs / 2
    const answer = together.forecastAndExplain!(history, origin, 20)
    const expected = alone.forecastAndExplain!(history, origin, 20)
    // A million numbers are no reading matter, so nothing is said but which of them differ.
    for (const part of ['answered', 'mean', 'quantiles', 'hourMean', 'hourQuantiles'] as const)
      expect(Buffer.compare(bytesOf(answer[part]), bytesOf(expected[part])), part).toBe(0)
    expect(answer.explanations).toEqual(expected.explanations)
    expect(helper.slots.some(({ answers }) => answers.mean.some((mean) => mean > 0))).toBe(true)
  },
)
