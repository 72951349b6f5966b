import { hourMs } from '../domain/index.ts'
import { createOutcome, readOutcome, type FeatureLayout } from './features/index.ts'
import { buildInputs } from './features/index.ts'
import type { History } from './forecaster.ts'

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

/**
 * Windows partly out of stock say only that demand was no less. With full weight they put the mean 5 % too high on the
 * windows that were in stock and cost 2 % of the loss (docs/decisions/0014), so one in ten is kept, with half its weight.
 */
const hiddenRowsPerKept = 10
const hiddenWeight = 0.5

/** Unit of an hour's amount relative to the row's scale: its usual share, and a little of the average so that none is zero. */
export function hourUnit(month: number, scale: number): number {
  return month + (0.05 * scale) / 12
}

/** Rows of every series with something known before and after each origin. `origins` in hours from `history.from`. */
export function buildTrainingRows(
  history: History,
  origins: readonly number[],
  layout: FeatureLayout,
): TrainingRows {
  const limit = origins.length * history.series.length
  const outcome = createOutcome()
  let rows: MutableRows | null = null
  let count = 0
  for (const origin of origins) {
    const built = buildInputs(history, history.from + origin * hourMs, layout)
    const { width, expectation } = built
    rows ??= allocate(limit, width)
    for (let s = 0; s < history.series.length; s++) {
      if (expectation.seen[s]! < 6) continue
      readOutcome(history, s, origin, outcome)
      if (!outcome.known.includes(1)) continue
      if (!outcome.isWhole && (s + origin) % hiddenRowsPerKept !== 0) continue
      const scale = expectation.scale[s]!
      // The pinball loss is homogeneous: dividing by the scale and weighing by it is the loss in units sold.
      const weight =
        Math.min(scale / (12 * layout.level), 20) * (outcome.isWhole ? 1 : hiddenWeight)
      rows.inputs.set(built.rows.subarray(s * width, (s + 1) * width), count * width)
      rows.total[count] = outcome.total / scale
      rows.totalWhole[count] = outcome.isWhole ? 1 : 0
      rows.totalWeight[count] = outcome.isKnown ? weight : 0
      for (let j = 0; j < 12; j++) {
        const unit = hourUnit(expectation.month[s * 24 + j]!, scale)
        const at = count * 12 + j
        rows.hours[at] = outcome.hours[j]! / unit
        rows.hourWhole[at] = outcome.whole[j]!
        rows.hourWeight[at] = outcome.known[j]! * weight * (unit / scale)
      }
      count++
    }
  }
  const all = rows ?? allocate(0, 0)
  const width = count > 0 ? all.inputs.length / limit : 0
  return {
    count,
    width,
    inputs: all.inputs.subarray(0, count * width),
    total: all.total.subarray(0, count),
    totalWhole: all.totalWhole.subarray(0, count),
    totalWeight: all.totalWeight.subarray(0, count),
    hours: all.hours.subarray(0, count * 12),
    hourWhole: all.hourWhole.subarray(0, count * 12),
    hourWeight: all.hourWeight.subarray(0, count * 12),
  }
}

type MutableRows = Omit<TrainingRows, 'count' | 'width'>

function allocate(count: number, width: number): MutableRows {
  return {
    inputs: new Float32Array(count * width),
    total: new Float32Array(count),
    totalWhole: new Float32Array(count),
    totalWeight: new Float32Array(count),
    hours: new Float32Array(count * 12),
    hourWhole: new Float32Array(count * 12),
    hourWeight: new Float32Array(count * 12),
  }
}
