import type { ForecastTarget, RegisteredModel } from '../domain/index.ts'
import type { BacktestReport } from './backtest.ts'
import { describeComparison } from './describe-report.ts'
import type { Comparison } from './scores.ts'
import type { Verdict } from './registry.ts'

/** A version stays so long in the shadow before another one may take its place there, in days of scored origins. */
export const shadowDays = 4

/**
 * What becomes of a version just trained: it serves if nothing serves, or if with the whole interval it beats both the serving
 * version and the best baseline on days that it had not seen; else it stands by, in the shadow where that is free.
 */
export function decideRollout(
  target: ForecastTarget,
  report: BacktestReport | null,
  present: { readonly serving: RegisteredModel | null; readonly isShadowFree: boolean },
): Verdict {
  const baseline = report?.comparisons.find(({ other }) => other === report.bestBaseline) ?? null
  const { serving, isShadowFree } = present
  if (!serving) {
    const words = baseline
      ? `It is the first network of ${target}, ${describeComparison(baseline.all, baseline.other)} on ${windowsOf(report)}.`
      : `It is the first network of ${target}; no window in stock could tell how good it is.`
    return { state: 'serving', reason: words }
  }
  const against = report?.comparisons.find(({ other }) => other === serving.version) ?? null
  const rest = { state: isShadowFree ? 'shadow' : 'standby' } as const
  if (!against || !baseline) {
    return {
      ...rest,
      reason: `It could not be scored beside ${serving.version}, which goes on serving.`,
    }
  }
  const words = describeBoth(against.all, serving.version, baseline.all, baseline.other)
  return beats(against.all) && beats(baseline.all)
    ? { state: 'serving', reason: `${words} on ${windowsOf(report)}.` }
    : { ...rest, reason: `${words} on ${windowsOf(report)}: not clearly better than both.` }
}

/** Better with the whole interval. */
export function beats(comparison: Pick<Comparison, 'relativeHigh'>): boolean {
  return comparison.relativeHigh < 0
}

export function describeBoth(
  serving: Comparison,
  version: string,
  baseline: Comparison,
  name: string,
): string {
  return `It is ${describeComparison(serving, `the serving version ${version}`)}, and ${describeComparison(baseline, name)}`
}

function windowsOf(report: BacktestReport | null): string {
  return `${report?.windows ?? 0} windows of days that it had not seen`
}
