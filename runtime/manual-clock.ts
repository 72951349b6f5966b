import { LarderError, type Clock } from '../domain/index.ts'

export interface ManualClock extends Clock {
  /** Moves time forward and lets those run whose time has come. */
  advanceTo(at: number): Promise<void>
}

/** Time that moves only when it is told to: tests and stepped simulations. */
export function createManualClock(start: number): ManualClock {
  let time = start
  let sleepers: { at: number; wake: () => void }[] = []
  return {
    now: () => time,
    sleepUntil(at, { signal } = {}) {
      if (time >= at) return Promise.resolve()
      return new Promise((resolve, reject) => {
        const abort = (): void => {
          sleepers = sleepers.filter((other) => other !== sleeper)
          reject(
            signal?.reason instanceof Error
              ? signal.reason
              : new LarderError('RT_STOPPED', 'Stopped while waiting.'),
          )
        }
        const sleeper = {
          at,
          wake: () => {
            signal?.removeEventListener('abort', abort)
            resolve()
          },
        }
        sleepers.push(sleeper)
        signal?.addEventListener('abort', abort, { once: true })
      })
    },
    async advanceTo(at) {
      time = Math.max(time, at)
      const due = sleepers.filter((sleeper) => sleeper.at <= time).sort((a, b) => a.at - b.at)
      sleepers = sleepers.filter((sleeper) => sleeper.at > time)
      for (const sleeper of due) sleeper.wake()
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}
