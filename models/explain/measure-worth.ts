import { scoreForecasters } from '../backtest.ts'
import type { Forecaster, History } from '../forecaster.ts'
import { compareRows, type Comparison } from '../scores.ts'

/** What WQL loses on the same windows without a signal. */
export interface SignalWorth {
  readonly signal: string
  /** Known inputs that were switched off. */
  readonly inputs: readonly string[]
  readonly wqlWithout: number
  /** WQL without it minus WQL with it, and its 95 % interval (paired bootstrap by store): above 0 it is worth something. */
  readonly worth: Pick<Comparison, 'difference' | 'low' | 'high'>
}

export interface WorthReport {
  readonly windows: number
  readonly origins: number
  readonly wql: number
  readonly signals: readonly SignalWorth[]
  /** Signals of which this history holds nothing. */
  readonly unknown: readonly string[]
  readonly words: string
}

const switches: readonly (readonly [signal: string, covers: (input: string) => boolean])[] = [
  ['discount', (input) => input === 'discount'],
  ['activity', (input) => input === 'activity'],
  ['holiday', (input) => input === 'holiday'],
  ['weather', (input) => input.startsWith('weather')],
  ['weather: temperature', (input) => input === 'weatherTemperature'],
  ['weather: precipitation', (input) => input === 'weatherPrecipitation'],
  ['weather: humidity', (input) => input === 'weatherHumidity'],
  ['weather: wind', (input) => input === 'weatherWind'],
  ['events', (input) => input === 'event'],
  ['social interest', (input) => input === 'interest'],
  ['all of them', () => true],
]

const words =
  'Each signal is switched off when the trained model forecasts: its inputs take the value that says nothing (their median in training). ' +
  'A model trained without the signal would lose less, for it would lean on other inputs. ' +
  'Of recordings the weather is the weather that came, so that it is worth more here than a forecast of it is.'

/** Scores a forecaster with each signal switched off against itself, on the same windows in stock. Needs no training. */
export function measureWorth(
  history: History,
  forecaster: Forecaster,
  origins: readonly number[],
  options: { readonly seed: number },
): WorthReport {
  const known = [...new Set(history.series.flatMap(({ known }) => Object.keys(known)))].sort()
  const found = switches
    .map(([signal, covers]) => ({ signal, inputs: known.filter(covers) }))
    .filter(({ inputs }) => inputs.length > 0)
  const without = found.map(({ signal, inputs }): Forecaster => {
    const silent = switchOff(history, new Set(inputs))
    return { name: signal, forecast: (_, origin) => forecaster.forecast(silent, origin) }
  })
  const [whole, ...rest] = scoreForecasters(history, [forecaster, ...without], origins)
  return {
    windows: whole?.scores.windows ?? 0,
    origins: origins.length,
    wql: whole?.scores.wql ?? NaN,
    signals: found.map(({ signal, inputs }, i) => {
      const { difference, low, high } = compareRows(rest[i]!.rows, whole!.rows, options)
      const worth = { difference, low, high }
      return { signal, inputs, wqlWithout: rest[i]!.scores.wql, worth }
    }),
    unknown: switches.flatMap(([signal]) =>
      found.some((one) => one.signal === signal) ? [] : [signal],
    ),
    words,
  }
}

function switchOff(history: History, inputs: ReadonlySet<string>): History {
  return {
    ...history,
    series: history.series.map((series) => ({
      ...series,
      known: Object.fromEntries(Object.entries(series.known).filter(([name]) => !inputs.has(name))),
    })),
  }
}

export function describeWorth(report: WorthReport): string {
  const percent = (value: number): string => {
    const text = ((100 * value) / report.wql).toFixed(2)
    return `${value > 0 ? '+' : ''}${text} %`
  }
  const lines = report.signals.map(({ signal, wqlWithout, worth }) =>
    [
      signal.padEnd(24),
      wqlWithout.toFixed(4).padStart(8),
      percent(worth.difference).padStart(10),
      `${percent(worth.low)} to ${percent(worth.high)}`.padStart(22),
    ].join(' '),
  )
  const header = [
    'switched off'.padEnd(24),
    'WQL'.padStart(8),
    'change'.padStart(10),
    '95 % interval'.padStart(22),
  ].join(' ')
  const { unknown } = report
  const isSimulatedOnly = unknown.includes('events') && unknown.includes('social interest')
  return [
    `${report.windows} windows in stock from ${report.origins} origins; WQL with every signal ${report.wql.toFixed(4)}`,
    header,
    ...lines,
    '',
    report.words,
    ...(unknown.length > 0 ? [`This history says nothing of: ${unknown.join(', ')}.`] : []),
    ...(isSimulatedOnly
      ? [
          'No public recording has events or social interest: only the simulated city does, and "npm run bench:worth" measures them there.',
        ]
      : []),
    '',
  ].join('\n')
}
