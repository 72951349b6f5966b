import { hourMs, type ModelVersion } from '../domain/index.ts'
import { backtest, type BacktestReport } from './backtest.ts'
import { baselines } from './baselines/index.ts'
import type { Forecaster, ForecastBatch, History } from './forecaster.ts'
import type { TrainingPlan } from './training-plan.ts'

/** Local hours from which held-out days are forecast. */
const originHours = [6, 10] as const
const denseOriginHours = [2, 6, 10, 14, 18, 22] as const
/** With fewer series than this their windows are few, and forecasting is quick: more origins a day. */
const fewSeries = 2000

/** What the held-out days say of a model before it has seen them. */
export interface HeldOut {
  readonly report: BacktestReport
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

/** `batches` are the model's answers at the origins, in their order. The model is the one judged. */
export function judgeHeldOut(
  history: History,
  origins: readonly number[],
  batches: readonly ForecastBatch[],
  others: readonly Forecaster[],
  seed: number,
): HeldOut {
  const answers = new Map(origins.map((origin, i) => [origin, batches[i]!]))
  const model: Forecaster = { name: 'model', forecast: (_, origin) => answers.get(origin)! }
  const report = backtest(history, [model, ...others, ...baselines], origins, { seed })
  return { report }
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
