import type { FanSeries } from '../data/fan-series.ts'
import { forecasterName } from '../parts/forecaster-name.ts'
import { clockTime, units } from '../parts/format.ts'

/** What the colours mean and, while a pointer is on the chart, the numbers of its hour. */
export function FanLegend(props: {
  readonly fan: FanSeries
  readonly column: number | null
  readonly baseline: string | null
  readonly timeZone: string
}) {
  const { fan, column } = props
  const start = column === null ? undefined : fan.startsAt[column]
  return (
    <div class="fan-legend">
      <ul class="legend">
        <li>
          <i class="part sold" /> sold
        </li>
        <li>
          <i class="part median" /> forecast median
        </li>
        <li>
          <i class="part inner" /> 50 %
        </li>
        <li>
          <i class="part outer" /> 90 % of outcomes
        </li>
        {props.baseline !== null && (
          <li>
            <i class="part baseline" /> {forecasterName(props.baseline)}, mean of 12 h
          </li>
        )}
      </ul>
      <p class="dim" aria-hidden="true">
        {column !== null && start !== undefined && (
          <>
            {clockTime(start * 1000, props.timeZone)}: sold {units(fan.sold[column] ?? null)},
            median {units(fan.quantiles[2]?.[column] ?? null)}, 90 % within{' '}
            {units(fan.quantiles[0]?.[column] ?? null)}–{units(fan.quantiles[4]?.[column] ?? null)}
          </>
        )}
      </p>
    </div>
  )
}
