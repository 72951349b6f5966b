import { dayMs, hourMs, type ForecastTarget } from '../../domain/index.ts'
import type { Logger } from '../../runtime/index.ts'
import type { OperationsStore } from '../../store/index.ts'
import type { Round } from '../forecast-round.ts'
import type { History } from '../forecaster.ts'
import type { Registry } from '../registry.ts'
import type { Serving } from '../serving.ts'
import { createDriftAlarms } from './drift-alarms.ts'
import { findDrift, measureShift, whatServed } from './drift.ts'
import { createMovers } from './movers.ts'
import { createPendingWindows } from './pending-windows.ts'
import { judgeShadow, scoredBaselines } from './judge-shadow.ts'
import { localDay } from './local-day.ts'

const isScored = new Set<string>(scoredBaselines)
/** Drift is looked for in a whole week: a weekday that is hard to foresee is none. */
const driftDays = 7
const shadowLookBackDays = 28
/** What an alarm begins with: it says of what it is. */
const nameOf = { demand: 'Demand', footfall: 'Footfall' }

export interface Watch {
  /** What was issued from an origin: series with 1. The shadow forecasts beside it. */
  record(history: History, round: Round, isIssued: Uint8Array): void
  /** Once an hour, with the history that ends at it: scores what is over, looks for drift, and lets a better shadow serve. */
  settle(history: History): Promise<void>
}

/** Scores forecasts as their hours complete, and says when they are no longer what they were. */
export function createWatch(deps: {
  readonly operations: Pick<
    OperationsStore,
    'addModelScores' | 'modelScores' | 'raiseAlarms' | 'list'
  >
  readonly serving: Serving
  readonly registry: Registry
  readonly logger: Logger
}): Watch {
  const { operations, serving, registry, logger } = deps
  const pending = new Map<ForecastTarget, ReturnType<typeof createPendingWindows>>()
  const movers = new Map<ForecastTarget, ReturnType<typeof createMovers>>()
  const alarms = createDriftAlarms()
  let isAdopted = false
  const of = <T>(map: Map<ForecastTarget, T>, target: ForecastTarget, create: () => T): T => {
    const one = map.get(target) ?? create()
    map.set(target, one)
    return one
  }

  const adoptAlarms = async (): Promise<void> => {
    if (isAdopted) return
    isAdopted = true
    const query = { status: 'open', type: 'model-drift', limit: 1000 }
    for (const { site, product, words } of (await operations.list('alarms', query)).items) {
      const isFootfall = words.startsWith(nameOf.footfall)
      // A site counts too few windows of people in a week for an alarm of its own.
      const key = isFootfall ? 'footfall' : product === null ? `demand.${site}` : 'demand'
      alarms.adopt(key, { site, product })
    }
  }

  const lookForDrift = async (
    target: ForecastTarget,
    history: History,
    now: number,
  ): Promise<void> => {
    const server = serving.get(target)
    if (!server) return
    const zone = history.series[0]?.timeZone ?? 'UTC'
    const from = localDay(now - driftDays * dayMs, zone)
    const scores = await operations.modelScores({ target, from })
    const shift = measureShift(history, server.model.layout)
    const findings = findDrift(target, scores, server.model.report, shift)
    const events = alarms.look(findings, {
      at: now,
      who: `${target === 'demand' ? nameOf.demand : nameOf.footfall} by ${server.version}`,
      moverOf: (site) => of(movers, target, createMovers).most(site),
    })
    if (events.length > 0) await operations.raiseAlarms(events)
  }

  const lookAtShadow = async (target: ForecastTarget, now: number): Promise<void> => {
    const [shadow, server] = [serving.shadow(target), serving.get(target)]
    if (!shadow || !server) return
    const scores = await operations.modelScores({
      target,
      from: localDay(now - shadowLookBackDays * dayMs, 'UTC'),
    })
    const reason = judgeShadow(scores, shadow, server)
    if (reason === null) return
    logger.info({ version: shadow.version, reason }, 'the shadow serves')
    await registry.use(shadow.version, { state: 'serving', reason }, now)
    await serving.follow()
  }

  const settleNow = async (history: History): Promise<void> => {
    const { target } = history
    const now = history.from + history.hours * hourMs
    const { scores, results } = of(pending, target, createPendingWindows).settle(history)
    if (scores.length === 0) return
    await adoptAlarms()
    await operations.addModelScores(scores)
    of(movers, target, createMovers).add(results)
    await lookForDrift(target, history, now)
    await lookAtShadow(target, now)
  }

  return {
    record(history, round, isIssued) {
      const { target } = history
      const shadow = serving.shadow(target)
      const isCounted = isIssued.map((one, s) => (one === 1 && round.isYoung[s] === 0 ? 1 : 0))
      if (!isCounted.includes(1)) return
      const served = round.server?.version ?? null
      of(pending, target, createPendingWindows).record(
        history,
        round.origin,
        [
          ...(served === null
            ? []
            : [whatServed, served].map((model) => ({ model, batch: round.served }))),
          ...round.baselines
            .filter(({ name }) => isScored.has(name))
            .map(({ name, batch }) => ({ model: name, batch })),
          ...(shadow
            ? [
                {
                  model: shadow.version,
                  batch: shadow.forecaster.forecast(history, round.origin, isCounted),
                },
              ]
            : []),
        ],
        isCounted,
      )
    },
    async settle(history) {
      try {
        await settleNow(history)
      } catch (error) {
        // Forecasts go on: what could not be scored is missing from the scores, no more.
        logger.error({ err: error }, 'forecasts could not be scored')
      }
    },
  }
}
