import { operationsAddress } from '../../config/index.ts'
import { wallClock } from '../../runtime/index.ts'
import { takeTurns } from '../../store/index.ts'
import type { Condition, RunningStage, StageContext } from './run-stage.ts'

/** A thread that works while this process leads. */
export interface LedWorker {
  status(): Promise<Pick<Condition, 'ready' | 'words'> & Partial<Pick<Condition, 'progress'>>>
  metricsText(): Promise<string>
  stop(): Promise<void>
}

/** Runs the thread of a stage that only one process may run, while this is the one. */
export function lead(
  { settings, logger, stops, onFatal }: StageContext,
  work: 'models' | 'planner',
  startWorker: () => LedWorker,
): RunningStage {
  let worker: LedWorker | null = null
  const turns = takeTurns({
    ...{ url: operationsAddress(settings.operations), work, wall: wallClock, logger },
    async lead(signal) {
      const started = startWorker()
      worker = started
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve()
        else signal.addEventListener('abort', () => resolve(), { once: true })
      })
      worker = null
      await started.stop()
    },
    onFailed: (error) => onFatal(error instanceof Error ? error : new Error(String(error))),
  })
  stops.add(work, () => turns.stop())
  return {
    async condition() {
      const leading = worker
      if (!leading) return { ready: true, active: false, words: turns.words(), progress: null }
      const { ready, words, progress = null } = await leading.status()
      return { ready, words, progress, active: true }
    },
    metricsText: async () => (await worker?.metricsText()) ?? '',
  }
}
