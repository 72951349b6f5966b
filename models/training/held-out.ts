import { hourMs, quantileLevels, type ModelVersion } from '../../domain/index.ts'
import { backtest, scoreForecasters, type BacktestReport } from '../backtest.ts'
import { baselines } from '../baselines/index.ts'
import {
  calibrate,
  dayOf,
  fitCalibration,
  type Calibration,
  type CalibrationEffect,
  type HeldOutWindows,
} from '../calibration.ts'
import { createOutcome, readOutcome } from '../features/index.ts'
import type { Forecaster, ForecastBatch, History } from '../forecaster.ts'
import { moveTowardsSteps } from '../network-forecaster.ts'
import type { TrainingPlan } from './plan.ts'

const levels = quantileLevels.length
/** Local hours from which held-out days are forecast. */
const originHours = [6, 10] as const
const denseOriginHours = [2, 6, 10, 14, 18, 22] as const
/** With fewer series than this their windows are few, and forecasting is quick: more origins a day. */
const fewSeries = 2000

/** What the held-out days say of a model before it has seen them. */
export interface HeldOut {
  /** Of the model as calibrated from the other days, if at all. */
  readonly report: BacktestReport
  readonly calibration: Calibration | null
  readonly calibrationEffect: CalibrationEffect | null
}

/** Rolling origins over the days that training has not seen, epoch ms. */
export function heldOutOrigins(
  history: History,
  plan: Pick<TrainingPlan, 'heldOutFrom' | 'until'>,
  localHourAtStart: number,
): readonly number[] {
  const hours: readonly number[] =
    history.series.length < fewSeries ? denseOriginHours : originHours
  const origins: number[] = []
  for (let hour = plan.heldOutFrom; hour + 12 <= plan.until; hour++) {
    if (hours.includes((localHourAtStart + hour) % 24)) origins.push(history.from + hour * hourMs)
  }
  return origins
}

/** `batches` are the model's answers at the origins, in their order, not calibrated and not drawn to steps yet. */
export function judgeHeldOut(
  history: History,
  origins: readonly number[],
  batches: readonly ForecastBatch[],
  others: readonly Forecaster[],
  options: { readonly seed: number; readonly step: number },
): HeldOut {
  const { seed, step } = options
  const fitted = fitCalibration(collectWindows(history, origins, batches, step))
  const finish = (batch: ForecastBatch, calibration: Calibration | null): ForecastBatch => {
    const copy = {
      ...batch,
      ...{ mean: batch.mean.slice(), quantiles: batch.quantiles.slice() },
      hourMean: batch.hourMean.slice(),
    }
    if (calibration) calibrate(copy, calibration)
    moveTowardsSteps(copy.quantiles, step)
    return copy
  }
  const plain = batches.map((batch) => finish(batch, null))
  const calibrated = fitted
    ? batches.map((batch, i) => finish(batch, fitted.withoutDay(dayOf(origins[i]!))))
    : plain
  const answering = (name: string, answers: readonly ForecastBatch[]): Forecaster => ({
    name,
    forecast: (_, origin) => answers[origins.indexOf(origin)]!,
  })
  const model = answering('model', calibrated)
  const report = backtest(history, [model, ...others, ...baselines], origins, { seed })
  const [before, after] = fitted
    ? scoreForecasters(history, [answering('before', plain), model], origins)
    : []
  return {
    report,
    calibration: fitted?.calibration ?? null,
    calibrationEffect: before && after ? { before: before.scores, after: after.scores } : null,
  }
}

function collectWindows(
  history: History,
  origins: readonly number[],
  batches: readonly ForecastBatch[],
  step: number,
): HeldOutWindows {
  const amount: number[] = []
  const mean: number[] = []
  const quantiles: number[] = []
  const day: number[] = []
  const outcome = createOutcome()
  for (const [i, originAt] of origins.entries()) {
    const batch = batches[i]!
    const origin = Math.round((originAt - history.from) / hourMs)
    for (let s = 0; s < history.series.length; s++) {
      if (batch.answered[s] === 0 || !readOutcome(history, s, origin, outcome).isWhole) continue
      amount.push(outcome.total)
      mean.push(batch.mean[s]!)
      for (let k = 0; k < levels; k++) quantiles.push(batch.quantiles[s * levels + k]!)
      day.push(dayOf(originAt))
    }
  }
  return {
    amount: Float32Array.from(amount),
    mean: Float32Array.from(mean),
    quantiles: Float32Array.from(quantiles),
    day: Int32Array.from(day),
    step,
  }
}

/** WQL by name. */
export function scoresOf(report: BacktestReport): Readonly<Record<string, number>> {
  return Object.fromEntries(
    report.methods.flatMap(({ name, all }) =>
      Number.isFinite(all.wql) ? [[name, Math.round(all.wql * 1e5) / 1e5]] : [],
    ),
  )
}

/** `proven`: better than the best baseline, with the whole interval. */
export function labelOf(report: BacktestReport): ModelVersion['label'] {
  const against = report.comparisons.find(({ other }) => other === report.bestBaseline)
  return against && against.all.high < 0 ? 'proven' : 'candidate'
}
