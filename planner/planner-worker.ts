import type { MessagePort } from 'node:worker_threads'
import type { Settings } from '../config/index.ts'
import type { ClockAnchor, LarderError, StageStatus } from '../domain/index.ts'
import { compiledUrl, connectRpc, startWorker } from '../runtime/index.ts'
import { MessageChannel } from 'node:worker_threads'

export interface PlannerWorkerData {
  readonly operationsPort: MessagePort
  readonly seriesPort: MessagePort
  readonly controlPort: MessagePort
  readonly anchor: ClockAnchor
  /** City milliseconds per wall millisecond, at most. */
  readonly clockSpeed: number
  readonly settings: Settings['planner']
  readonly autoApproveMinutes: number
  readonly keepDays: number
  readonly logLevel: string
}

/** What the thread answers. */
export interface PlannerControl {
  status(): Promise<StageStatus>
  metricsText(): Promise<string>
  stop(): Promise<void>
}

/** The planner in a thread of its own; the ports lead to the stores' threads. */
export function startPlannerWorker(
  options: Omit<PlannerWorkerData, 'controlPort'> & {
    readonly onDeath: (error: LarderError) => void
  },
): PlannerControl {
  const { onDeath, ...data } = options
  const { port1, port2 } = new MessageChannel()
  const owned = startWorker(compiledUrl('./planner.worker.js', import.meta.url), {
    name: 'planner',
    data: { ...data, controlPort: port2 } satisfies PlannerWorkerData,
    transfer: [data.operationsPort, data.seriesPort, port2],
    onDeath,
  })
  const control = connectRpc<PlannerControl>(port1)
  let stopped: Promise<void> | null = null
  return {
    status: () => control.remote.status(),
    metricsText: () => control.remote.metricsText(),
    stop: () =>
      (stopped ??= (async () => {
        await Promise.race([control.remote.stop().catch(() => undefined), patience()])
        await owned.stop()
        control.close()
      })()),
  }
}

const stopWithinMs = 2000

/** A search that runs is not waited for. */
function patience(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, stopWithinMs).unref())
}
