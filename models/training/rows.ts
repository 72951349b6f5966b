import { hourMs } from '../../domain/index.ts'
import { createRandom } from '../../runtime/index.ts'
import {
  createInputBuilder,
  createOutcome,
  hourUnit,
  readOutcome,
  type FeatureLayout,
} from '../features/index.ts'
import type { History } from '../forecaster.ts'

/** Flat rows for training: what the network sees and what came, in units of each row's scale. */
export interface TrainingRows {
  readonly count: number
  readonly width: number
  readonly inputs: Float32Array
  /** Of the 12 hours together, and whether all of it is known and was in stock. */
  readonly total: Float32Array
  readonly totalWhole: Float32Array
  readonly totalWeight: Float32Array
  readonly hours: Float32Array
  readonly hourWhole: Float32Array
  readonly hourWeight: Float32Array
}

export type RowStore = Omit<TrainingRows, 'count' | 'width'>

/**
 * Windows partly out of stock say only that demand was no less. With full weight they put the mean 5 % too high on the
 * windows that were in stock and cost 2 % of the loss (docs/decisions/0014), so one in ten is kept, with half its weight.
 */
const hiddenRowsPerKept = 10
const hiddenWeight = 0.5

/** Room for the rows of an epoch in memory that threads share; pages that hold no row yet cost nothing. */
export function allocateRows(limit: number, width: number): RowStore {
  const floats = (length: number): Float32Array =>
    new Float32Array(new SharedArrayBuffer(length * Float32Array.BYTES_PER_ELEMENT))
  return {
    inputs: floats(limit * width),
    total: floats(limit),
    totalWhole: floats(limit),
    totalWeight: floats(limit),
    hours: floats(limit * 12),
    hourWhole: floats(limit * 12),
    hourWeight: floats(limit * 12),
  }
}

/** Which series an origin teaches with: a share of them at even distances, others for each origin and `turn`. */
export interface RowSample {
  readonly share: number
  readonly turn: number
}

/** Its multiples, less their whole part, lie evenly between 0 and 1 however few there are. */
const goldenRatio = (1 + Math.sqrt(5)) / 2

/** The most rows that so many origins have. */
export function mostRows(history: History, origins: number, share: number): number {
  return origins * Math.ceil(history.series.length * share)
}

/**
 * Rows of series with something known before and after each origin (in hours from `history.from`), written to `rows`, which
 * has room for `mostRows`.
 */
export function buildTrainingRows(
  history: History,
  origins: readonly number[],
  layout: FeatureLayout,
  rows: RowStore,
  { share, turn }: RowSample = { share: 1, turn: 0 },
): TrainingRows {
  const outcome = createOutcome()
  const builder = createInputBuilder(history, layout)
  const { width } = builder
  let count = 0
  for (const [i, origin] of origins.entries()) {
    const { expectation, write } = builder.at(history.from + origin * hourMs)
    const random = createRandom(origin)
    const first = ((turn + i) * goldenRatio) % 1
    for (let place = first; place / share < history.series.length; place++) {
      const s = Math.floor(place / share)
      if (expectation.seen[s]! < 6) continue
      readOutcome(history, s, origin, outcome)
      if (!outcome.known.includes(1)) continue
      if (!outcome.isWhole && (s + origin) % hiddenRowsPerKept !== 0) continue
      const scale = expectation.scale[s]!
      // The pinball loss is homogeneous: dividing by the scale and weighing by it is the loss in units sold.
      const weight =
        Math.min(scale / (12 * layout.level), 20) * (outcome.isWhole ? 1 : hiddenWeight)
      write(s, rows.inputs, count * width)
      // Blurred by half a step, so that quantiles rise smoothly where counts jump (see `towardsStep`).
      const blur = outcome.isWhole ? layout.step * (random.next() - 0.5) : 0
      rows.total[count] = Math.max(0, outcome.total + blur) / scale
      rows.totalWhole[count] = outcome.isWhole ? 1 : 0
      rows.totalWeight[count] = outcome.isKnown ? weight : 0
      for (let j = 0; j < 12; j++) {
        const unit = hourUnit(expectation.ahead[s * 12 + j]!, scale)
        const at = count * 12 + j
        rows.hours[at] = outcome.hours[j]! / unit
        rows.hourWhole[at] = outcome.whole[j]!
        rows.hourWeight[at] = outcome.known[j]! * weight * (unit / scale)
      }
      count++
    }
  }
  return rowsOf(rows, count, width)
}

/** The first `count` rows of a store. */
export function rowsOf(store: RowStore, count: number, width: number): TrainingRows {
  return {
    count,
    width,
    inputs: store.inputs.subarray(0, count * width),
    total: store.total.subarray(0, count),
    totalWhole: store.totalWhole.subarray(0, count),
    totalWeight: store.totalWeight.subarray(0, count),
    hours: store.hours.subarray(0, count * 12),
    hourWhole: store.hourWhole.subarray(0, count * 12),
    hourWeight: store.hourWeight.subarray(0, count * 12),
  }
}
