import { quantileLevels } from '../domain/index.ts'
import type { NetworkModel } from './network-model.ts'

/** What the held-out days corrected, and what that did on days it was not learnt from: one paragraph, or one line. */
export function describeCalibration({
  calibration,
  calibrationEffect: effect,
}: Pick<NetworkModel, 'calibration' | 'calibrationEffect'>): string {
  if (!calibration || !effect) {
    return 'Nothing is calibrated: no correction learnt from the held-out days helped on days left out.\n'
  }
  const { before, after } = effect
  const names = [...quantileLevels.map((p) => p.toFixed(2)), 'mean']
  const corrected = calibration.factors.flatMap((row, k) =>
    calibration.trust[k]! > 0
      ? [`${names[k]} by ${row.map((factor) => factor.toFixed(3)).join(', ')}`]
      : [],
  )
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
  const coverage = quantileLevels.map(
    (p, k) =>
      `${p.toFixed(2)}: ${before.coverage[k]!.toFixed(3)} to ${after.coverage[k]!.toFixed(3)}`,
  )
  return [
    `Calibrated from the held-out days, by factors from small forecasts to large: ${corrected.join('; ')}.`,
    `On days left out: WQL ${before.wql.toFixed(4)} to ${after.wql.toFixed(4)}, bias of the mean ${percent(before.wpe)} to ${percent(after.wpe)},`,
    `coverage of ${coverage.join(', ')}.\n`,
  ].join('\n')
}
