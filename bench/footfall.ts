import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { Command } from 'commander'
import { parse } from 'csv-parse/sync'
import { dayMs, hourMs, quantileLevels } from '../domain/index.ts'
import {
  baselines,
  createNetworkForecaster,
  loadTensorFlow,
  trainModel,
  type Forecaster,
  type History,
} from '../models/index.ts'
import { wallClock } from '../runtime/index.ts'
import { describeMachine } from './support/machine.ts'

/**
 * Footfall by the hour, 12 hours ahead, on seven sensors of Melbourne: learnt from the days before the last 61, scored on those
 * from 06:00 and 10:00. WAPE is of the hours' medians. `--hold-out` learns without some sensors and scores them alone.
 *
 *     npm run bench:footfall -- [--without-holidays] [--hold-out "Flagstaff Station,Melbourne Central"] [--max-minutes 5]
 */
interface Options {
  datasets: string
  withoutHolidays?: true
  holdOut?: string
  seed: string
  maxMinutes: string
}

const options = new Command()
  .option('--datasets <folder>', '', process.env.LARDER_DATASETS ?? '../shared/data')
  .option('--without-holidays', 'as if nobody had said which days are holidays')
  .option('--hold-out <sensors>', 'joined by commas')
  .option('--seed <number>', '', '1')
  .option('--max-minutes <minutes>', '', '20')
  .parse()
  .opts<Options>()

const scoredDays = 61
/** Public holidays of Victoria in the two years (Holidays Act 1993 and the gazettes of 2016 and 2017). */
const holidays = [
  ...['2016-01-01', '2016-01-26', '2016-03-14', '2016-03-25', '2016-03-26', '2016-03-27'],
  ...['2016-03-28', '2016-04-25', '2016-06-13', '2016-09-30', '2016-11-01', '2016-12-25'],
  ...['2016-12-26', '2016-12-27', '2017-01-01', '2017-01-02', '2017-01-26', '2017-03-13'],
  ...['2017-04-14', '2017-04-15', '2017-04-16', '2017-04-17', '2017-04-25'],
].map((date) => Date.parse(date))

interface Row {
  readonly Date: string
  readonly Time: string
  readonly Sensor_Name: string
  readonly Hourly_Counts: string
}

function readMelbourne(path: string): History {
  const rows = parse<Row>(gunzipSync(readFileSync(path)), { columns: true })
  const hourOf = ({ Date: date, Time }: Row): number => Date.parse(date) / hourMs + Number(Time)
  const first = rows.reduce((least, row) => Math.min(least, hourOf(row)), Infinity)
  const last = rows.reduce((most, row) => Math.max(most, hourOf(row)), -Infinity)
  const hours = last - first + 1
  const bySensor = new Map<string, Float32Array>()
  for (const row of rows) {
    if (!/^\d/.test(row.Hourly_Counts)) continue
    const value = bySensor.get(row.Sensor_Name) ?? new Float32Array(hours).fill(NaN)
    bySensor.set(row.Sensor_Name, value)
    value[hourOf(row) - first] = Number(row.Hourly_Counts)
  }
  const holiday = {
    hoursPerStep: 24,
    values: Float32Array.from({ length: hours / 24 + 1 }, (_, day) =>
      holidays.includes(first * hourMs + day * dayMs) ? 1 : 0,
    ),
  }
  return {
    ...{ target: 'footfall', from: first * hourMs, hours },
    series: [...bySensor].map(([site, value]) => ({
      ...{ site, product: null, device: null, timeZone: 'UTC', statics: {} },
      ...{ value, outMinutes: new Uint8Array(hours) },
      known: options.withoutHolidays ? {} : { holiday },
    })),
  }
}

/** Over all hours of all windows that are known. */
function score(history: History, forecaster: Forecaster, sites: ReadonlySet<string>) {
  let [error, sum, hours] = [0, 0, 0]
  const below = new Float64Array(quantileLevels.length)
  for (let day = history.hours / 24 - scoredDays; day < history.hours / 24; day++) {
    for (const start of [day * 24 + 6, day * 24 + 10]) {
      const batch = forecaster.forecast(history, history.from + start * hourMs)
      for (const [s, { site, value }] of history.series.entries()) {
        if (!sites.has(site)) continue
        for (let j = 0; j < 12; j++) {
          const amount = value[start + j]
          if (amount === undefined || Number.isNaN(amount)) continue
          const row = (s * 12 + j) * quantileLevels.length
          error += Math.abs(amount - batch.hourQuantiles[row + quantileLevels.indexOf(0.5)]!)
          sum += amount
          hours++
          for (let k = 0; k < below.length; k++) {
            if (amount <= batch.hourQuantiles[row + k]!) below[k]!++
          }
        }
      }
    }
  }
  const coverage = [0.1, 0.5, 0.9].map((p) =>
    Number((below[quantileLevels.findIndex((level) => level === p)]! / hours).toFixed(3)),
  )
  return { wape: Number((error / sum).toFixed(4)), hours, coverage }
}

const path = join(options.datasets, 'footfall/sugrrants_hourly_peds_2016_2017.csv.gz')
if (!existsSync(path)) {
  process.stderr.write(
    `Skipped: there is no ${path}. Say where the data sets are with --datasets.\n`,
  )
  process.exit(0)
}
const machine = describeMachine()
const history = readMelbourne(path)
const heldOut = new Set(options.holdOut?.split(',') ?? [])
const learnt = { ...history, series: history.series.filter(({ site }) => !heldOut.has(site)) }
const tensorFlow = await loadTensorFlow('auto')
const began = process.cpuUsage()
const model = await trainModel(tensorFlow, learnt, {
  until: history.from + history.hours * hourMs - scoredDays * dayMs,
  seed: Number(options.seed),
  maxMinutes: Number(options.maxMinutes),
  clock: wallClock,
})
const { user, system } = process.cpuUsage(began)
const network = createNetworkForecaster(tensorFlow, { ...model, name: 'network' })
const sites = new Set(history.series.map(({ site }) => site))
const scored = heldOut.size > 0 ? heldOut : sites
const methods = [network, ...baselines].map((forecaster) => ({
  name: forecaster.name,
  ...score(history, forecaster, scored),
}))
network.dispose()
process.stdout.write(
  `${JSON.stringify(
    {
      ...{ machine, backend: tensorFlow.backend, knowsHolidays: !options.withoutHolidays },
      ...{ scored: [...scored], cutShort: model.cutShort },
      trainingCpuSeconds: Math.round((user + system) / 1e6),
      methods,
      goal: { wape: 0.1 },
    },
    null,
    1,
  )}\n`,
)
