import {
  errorMessage,
  hourMs,
  LarderError,
  minuteMs,
  type Clock,
  type ForecastTarget,
} from '../domain/index.ts'
import type { Settings } from '../config/index.ts'
import type { Logger } from '../runtime/index.ts'
import type { OperationsStore, SeriesStore } from '../store/index.ts'
import type { CityHistories } from './city-histories.ts'
import { hasKnownHour } from './forecast-batch.ts'
import { answerRound, fallbackName, forecastId, makeForecasts, targets } from './forecast-round.ts'
import type { SeriesHistory } from './forecaster.ts'
import type { Counters } from './models-metrics.ts'
import type { Serving } from './serving.ts'
import type { Watch } from './watch/index.ts'

/** Wall time between looks at watermarks, and between looks for series that had no history yet. */
const watermarkPauseMs = 250
const newSeriesPauseMs = 15_000
const longestNewSeriesPauseMs = 300_000
/** Sites that are ready wait so long, by the wall, for the others of their hour. */
const gatherMs = 1_000

export interface ForecastHoursDeps {
  readonly series: Pick<SeriesStore, 'watermarks'>
  readonly operations: OperationsStore
  readonly histories: CityHistories
  readonly serving: Serving
  readonly watch: Watch
  /** The city's. */
  readonly clock: Clock
  readonly wall: Clock
  readonly logger: Logger
  readonly counters: Counters
  /** Why no network serves a target, in words. */
  readonly whyNone: (target: ForecastTarget) => string
  readonly settings: Pick<Settings['models'], 'enabled' | 'graceMinutes'>
  readonly signal: AbortSignal
}

export interface ForecastHours {
  /** Until the signal: each hour of the city clock once; hours that pass meanwhile are left out, never queued. */
  run(): Promise<void>
  isReady(): boolean
  words(): string
}

export function createForecastHours(deps: ForecastHoursDeps): ForecastHours {
  const { clock, wall, logger, settings, operations, histories, serving, signal, counters } = deps
  let words = 'Starting.'
  let isReady = false
  /** The forecasts of this hour were made by what served before. */
  let isStale = false
  let settledOrigin = -Infinity
  let nap = new AbortController()
  serving.onChange(() => {
    isStale = true
    nap.abort(new LarderError('RT_STOPPED', 'Another network serves.'))
  })

  const pause = (ms: number): Promise<void> => wall.sleepUntil(wall.now() + ms, { signal })

  /** Sleeps until its time or until another network serves. */
  const rest = async (sleep: (signal: AbortSignal) => Promise<void>): Promise<void> => {
    nap = new AbortController()
    try {
      await sleep(AbortSignal.any([signal, nap.signal]))
    } catch {
      signal.throwIfAborted()
    }
  }

  /** One look at an origin: what is ready is forecast. Answers the sites still waited for. */
  const forecastReady = async (
    origin: number,
    done: Set<string>,
    isLastCall: boolean,
  ): Promise<{ waiting: number; series: number }> => {
    const all = await Promise.all(targets.map((target) => histories.before(target, origin)))
    const watermarks = await deps.series.watermarks()
    const sites = new Set(all.flatMap(({ series }) => series.map(({ site }) => site)))
    const ready = new Map<string, { graced: boolean }>()
    let waiting = 0
    for (const site of sites) {
      const mark = watermarks.get(site)
      const hasPassed = mark !== undefined && mark >= origin
      // A site that never sent anything has nothing to wait for: its history was imported.
      if (hasPassed || isLastCall || mark === undefined) ready.set(site, { graced: !hasPassed })
      else waiting++
    }
    if (settledOrigin < origin) {
      settledOrigin = origin
      for (const history of all) await deps.watch.settle(history)
    }
    const issuedAt = clock.now()
    for (const history of all) {
      const { target } = history
      const idOf = ({ site, product, device }: SeriesHistory): string =>
        forecastId(target, site, product ?? device, origin)
      const isLacking = (one: SeriesHistory): boolean =>
        ready.has(one.site) && !done.has(idOf(one)) && hasKnownHour(one, origin, history.from)
      const lacking = Uint8Array.from(history.series, (one) => (isLacking(one) ? 1 : 0))
      if (!lacking.includes(1)) continue
      const round = answerRound(history, origin, serving.get(target), lacking)
      const issue = { at: issuedAt, withoutNetwork: deps.whyNone(target) }
      const forecasts = makeForecasts(history, round, ready, issue).filter(
        ({ id }) => !done.has(id),
      )
      await operations.saveForecasts(forecasts)
      for (const { id } of forecasts) done.add(id)
      const issued = new Set(forecasts.map(({ id }) => id))
      const isIssued = Uint8Array.from(history.series, (one) => (issued.has(idOf(one)) ? 1 : 0))
      deps.watch.record(history, round, isIssued)
      counters.forecasts.inc({ target }, forecasts.length)
    }
    return { waiting, series: all[0]?.series.length ?? 0 }
  }

  const waitForSites = async (origin: number): Promise<void> => {
    const graceEnds = origin + settings.graceMinutes * minuteMs
    const sites = (await operations.all('sites')).map(({ id }) => id)
    let firstReadyAt: number | null = null
    while (clock.now() < graceEnds) {
      const watermarks = await deps.series.watermarks()
      const behind = sites.filter((site) => (watermarks.get(site) ?? Infinity) < origin)
      if (behind.length === 0) return
      if (behind.length < sites.length) firstReadyAt ??= wall.now()
      if (firstReadyAt !== null && wall.now() - firstReadyAt > gatherMs) return
      await pause(watermarkPauseMs)
    }
  }

  /** Ends when every series has its forecast, the hour is over, or another network serves. */
  const forecastHour = async (origin: number): Promise<void> => {
    const done = new Set<string>()
    const graceEnds = origin + settings.graceMinutes * minuteMs
    const pairs = await countStorePairs(operations)
    let newSeriesPause = newSeriesPauseMs
    // Whoever waits for readings works: a start just after the hour would not be ready for all of the grace.
    isReady = true
    await waitForSites(origin)
    while (clock.now() < origin + hourMs) {
      const { waiting, series } = await forecastReady(origin, done, clock.now() >= graceEnds)
      counters.series.set(series)
      describe(series)
      if (isStale || (waiting === 0 && series > 0 && series >= pairs)) return
      if (waiting > 0) await pause(watermarkPauseMs * 4)
      else {
        await rest((nap) => wall.sleepUntil(wall.now() + newSeriesPause, { signal: nap }))
        newSeriesPause = Math.min(newSeriesPause * 2, longestNewSeriesPauseMs)
      }
    }
  }

  const describe = (series: number): void => {
    const server = serving.get('demand')
    words =
      series === 0
        ? 'No series has any sales yet: import a history or connect a till.'
        : server
          ? `tfjs:${server.version} (${server.label}) serves ${series} series.`
          : `${fallbackName} serves ${series} series until a network is trained${settings.enabled ? '' : ' (models.enabled is off)'}.`
  }

  return {
    isReady: () => isReady,
    words: () => words,
    async run() {
      let last = -Infinity
      while (!signal.aborted) {
        const origin = hourMs * Math.floor(clock.now() / hourMs)
        if (origin <= last && !isStale) {
          await rest((nap) => clock.sleepUntil(last + hourMs, { signal: nap }))
          continue
        }
        const skipped = Math.round((origin - last) / hourMs) - 1
        if (Number.isFinite(skipped) && skipped > 0) counters.skipped.inc(skipped)
        last = origin
        isStale = false
        try {
          await forecastHour(origin)
        } catch (error) {
          signal.throwIfAborted()
          words = `The last forecast failed: ${errorMessage(error)} It is tried again next hour.`
          logger.error({ err: error, origin }, 'forecast failed')
          await pause(1_000)
        }
      }
    },
  }
}

async function countStorePairs(operations: OperationsStore): Promise<number> {
  const sites = await operations.all('sites')
  const stores = new Set(sites.filter(({ kind }) => kind === 'store').map(({ id }) => id))
  const planograms = await operations.all('planograms')
  return new Set(
    planograms
      .filter(({ site }) => stores.has(site))
      .map(({ site, product }) => `${site}/${product}`),
  ).size
}
