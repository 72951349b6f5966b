import { quantileLevels } from '../domain/index.ts'
import { formatTable } from '../runtime/index.ts'
import type { BacktestReport, MethodReport } from './backtest.ts'
import type { Comparison, Scores } from './scores.ts'

/** A report as a person reads it on a terminal: every method with every score. */
export function describeReport(report: BacktestReport): string {
  const { windows, origins, methods, comparisons, firstOrigin, lastOrigin } = report
  const days =
    firstOrigin === null || lastOrigin === null
      ? ''
      : ` from ${hour(firstOrigin)} to ${hour(lastOrigin)}`
  const blocks = [
    `${windows} windows of 12 hours in stock, ${origins} origins${days}`,
    formatTable(
      ['', 'WQL', 'low', 'high', ...groupNames(methods), 'WAPE', 'WPE', 'hourly WAPE', 'crossings'],
      methods.map((method) => [
        method.name,
        wql(method.all),
        wql(method.lowSellers),
        wql(method.highSellers),
        ...groupNames(methods).map((group) =>
          wql(group === 'seen' ? method.seenStores : method.unseenStores),
        ),
        fixed(method.all.wape, 3),
        percent(method.all.wpe),
        fixed(method.hourlyWape, 3),
        percent(method.all.crossings),
      ]),
    ),
    `Share of windows at or below each quantile\n${formatTable(
      ['', ...quantileLevels.map((p) => fixed(p, 2))],
      methods.map(({ name, all }) => [name, ...all.coverage.map((share) => fixed(share, 3))]),
    )}`,
    ...byHour(methods),
    ...(comparisons.length > 0
      ? [
          `${comparisons[0]!.first} against each of the others, 95 % interval of a paired bootstrap by ${comparisons[0]!.all.by} (${comparisons[0]!.all.units})\n${formatTable(
            ['', 'WQL', 'from', 'to', 'of it', 'from', 'to'],
            comparisons.flatMap(({ other, all, seenStores, unseenStores }) => [
              comparisonRow(other, all),
              ...(seenStores && unseenStores
                ? [
                    comparisonRow(`  stores it has learnt from`, seenStores),
                    comparisonRow(`  stores it never saw`, unseenStores),
                  ]
                : []),
            ]),
          )}`,
        ]
      : []),
  ]
  return `${blocks.join('\n\n')}\n`
}

/** "2.1 % better than empirical-28d (1.2 to 3.0)". */
export function describeComparison(
  { relative, relativeLow, relativeHigh }: Comparison,
  other: string,
): string {
  const isBetter = relative < 0
  const [small, large] = isBetter ? [-relativeHigh, -relativeLow] : [relativeLow, relativeHigh]
  return `${figure(Math.abs(relative))} % ${isBetter ? 'better' : 'worse'} than ${other} (${figure(small)} to ${figure(large)})`
}

function comparisonRow(name: string, one: Comparison): string[] {
  return [
    name,
    signed(one.difference),
    signed(one.low),
    signed(one.high),
    percent(one.relative),
    percent(one.relativeLow),
    percent(one.relativeHigh),
  ]
}

function byHour(methods: readonly MethodReport[]): string[] {
  const hours = methods[0]?.byHour ?? []
  if (hours.length < 2) return []
  return [
    `By local hour of the origin: WQL, and share at or below .1/.5/.9\n${formatTable(
      ['', ...hours.map(({ hour }) => `${String(hour).padStart(2, '0')}:00`)],
      methods.map(({ name, byHour }) => [
        name,
        ...byHour.map(
          ({ scores }) =>
            `${wql(scores)} ${[2, 4, 6].map((k) => fixed(scores.coverage[k]!, 2)).join('/')}`,
        ),
      ]),
    )}`,
  ]
}

function groupNames(methods: readonly MethodReport[]): readonly ('seen' | 'unseen')[] {
  return methods.some(({ unseenStores }) => unseenStores) ? ['seen', 'unseen'] : []
}

function wql(scores: Scores | null): string {
  return scores ? fixed(scores.wql, 4) : '-'
}
function fixed(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '-'
}
function signed(value: number): string {
  return Number.isFinite(value) ? `${value > 0 ? '+' : ''}${value.toFixed(4)}` : '-'
}
function percent(value: number): string {
  return Number.isFinite(value) ? `${(100 * value).toFixed(1)} %` : '-'
}
function figure(value: number): string {
  return (100 * value).toFixed(1)
}
function hour(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
