import { dayMs, errorMessage, hourMs, minuteMs, type StageStatus } from '../../domain/index.ts'
import { Counter, createAgeClock, Gauge, Histogram, type AgeClock } from '../../runtime/index.ts'
import type { PlannerDeps } from './deps.ts'
import { missBookings } from './miss-bookings.ts'
import { openSlots } from './open-slots.ts'
import { proposeTransfers } from './propose-transfers.ts'
import { planReleaseTasks } from './release-tasks.ts'

export interface Planner {
  status(): StageStatus
  /** Idempotent; waits for the step that runs. */
  stop(): Promise<void>
}

/** City time after new forecasts before they are planned with: those of one hour come together. */
const settleMs = minuteMs
const choresEveryMs = minuteMs
const mostChanges = 1000

/**
 * Plans every so many city minutes and soon after new forecasts; every city minute reads the outbox, settles proposals, leases
 * and missed bookings, and plans releases where bookings changed; every city hour lets the store drop what is old. A step that fails is logged and counted, and tried again when it is next due.
 */
export function startPlanner(deps: PlannerDeps): Planner {
  const { operations, clock, logger, settings } = deps
  const metrics = createPlannerMetrics(deps)
  // Before anything is written by a clock that may be wrong.
  const ageClock = createOperationsAgeClock(deps)
  ageClock.catch(() => undefined)
  const stopping = new AbortController()
  const isStopping = (): boolean => stopping.signal.aborted
  const everyMs = settings.everyMinutes * minuteMs
  let planAt = clock.now()
  let choresAt = clock.now()
  let pruneAt = clock.now()
  let releaseDue = true
  let isReady = false
  let lastNumber: number | null = null
  let words = 'Waiting for the first plan.'
  let failed: string | null = null

  const step = async (name: string, run: () => Promise<unknown>): Promise<void> => {
    if (isStopping()) return
    try {
      await run()
    } catch (error) {
      if (isStopping()) return
      metrics.failures.inc({ step: name })
      failed = `${name} failed: ${errorMessage(error)}`
      logger.error({ err: error, step: name }, 'a planning step failed')
    }
  }

  const readChanges = async (): Promise<void> => {
    if (lastNumber === null) {
      lastNumber = (await operations.changes(0, 1)).newest
      return
    }
    for (;;) {
      const { changes } = await operations.changes(lastNumber, mostChanges)
      for (const { number, resource } of changes) {
        lastNumber = number
        if (resource === 'forecasts') planAt = Math.min(planAt, clock.now() + settleMs)
        if (resource === 'bookings') releaseDue = true
      }
      if (changes.length < mostChanges) return
    }
  }

  const chores = async (): Promise<void> => {
    const now = clock.now()
    const { autoApproveMinutes } = deps
    await step('settling proposals', () =>
      operations.settleProposals({
        now,
        autoApproveBefore: autoApproveMinutes > 0 ? now - autoApproveMinutes * minuteMs : null,
      }),
    )
    await step('expiring leases', () => operations.expireLeases(now))
    await step('missing bookings', () => missBookings(deps, now))
    if (now < pruneAt) return
    pruneAt = now + hourMs
    await step('pruning', async () =>
      operations.prune({ before: (await ageClock).now() - deps.keepDays * dayMs }),
    )
  }

  const plan = async (): Promise<void> => {
    failed = null
    await step('planning transfers', async () => {
      const result = await proposeTransfers(deps)
      metrics.plans.inc()
      metrics.seconds.observe(result.seconds)
      metrics.proposed.inc(result.proposed.length)
      metrics.saving.set(result.costOfDoingNothing - result.cost)
      words =
        result.proposed.length === 0
          ? 'The last plan found no new transfer that pays.'
          : `The last plan proposed ${result.proposed.length} transfer(s).`
    })
    await step('opening slots', () => openSlots(deps))
    releaseDue = true
    isReady = true
  }

  const run = async (): Promise<void> => {
    while (!isStopping()) {
      await step('reading changes', readChanges)
      if (clock.now() >= choresAt) {
        await chores()
        choresAt = clock.now() + choresEveryMs
      }
      if (clock.now() >= planAt) {
        planAt = clock.now() + everyMs
        await plan()
      }
      if (releaseDue) {
        releaseDue = false
        await step('planning releases', () => planReleaseTasks(deps))
      }
      await sleepUntilDue()
    }
  }

  const sleepUntilDue = async (): Promise<void> => {
    if (isStopping()) return
    try {
      await clock.sleepUntil(Math.min(planAt, choresAt), { signal: stopping.signal })
    } catch (error) {
      if (!isStopping()) throw error
    }
  }

  const done = run().catch((error: unknown) => {
    isReady = false
    failed = `it stopped: ${errorMessage(error)}`
    logger.fatal({ err: error }, 'the planner stopped')
  })

  return {
    status: () => ({ name: 'planner', ready: isReady, words: failed ?? words }),
    async stop() {
      stopping.abort()
      await done
    },
  }
}

/** The newest change says when the store was last written to. */
async function createOperationsAgeClock({
  operations,
  clock,
  clockSpeed,
  passedMs = () => performance.now(),
}: PlannerDeps): Promise<AgeClock> {
  const { newest } = await operations.changes(0, 1)
  const { changes } = await operations.changes(newest - 1, 1)
  return createAgeClock({
    clock,
    passedMs,
    speed: clockSpeed,
    newestAt: changes[0]?.at ?? null,
  })
}

function createPlannerMetrics({ metrics }: PlannerDeps) {
  const registers = [metrics]
  return {
    plans: new Counter({ name: 'larder_planner_plans_total', help: 'Plans made.', registers }),
    failures: new Counter({
      name: 'larder_planner_step_failures_total',
      help: 'Steps that failed, by step.',
      labelNames: ['step'],
      registers,
    }),
    proposed: new Counter({
      name: 'larder_planner_transfers_proposed_total',
      help: 'Transfers proposed.',
      registers,
    }),
    seconds: new Histogram({
      name: 'larder_planner_plan_seconds',
      help: 'Time to find a transfer plan.',
      buckets: [0.01, 0.1, 0.5, 1, 2, 5, 10],
      registers,
    }),
    saving: new Gauge({
      name: 'larder_planner_plan_saving',
      help: 'What the last plan saves against doing nothing, in minor units.',
      registers,
    }),
  }
}
