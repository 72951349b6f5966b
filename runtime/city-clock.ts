import { cityTime, LarderError, type Clock, type ClockAnchor } from '../domain/index.ts'
import { wallClock } from './wall-clock.ts'

export interface CityClock extends Clock {
  anchor(): ClockAnchor
  /** Stops or goes on, e.g. where ingest lags; city time never jumps. */
  setWaiting(waiting: boolean): void
  isWaiting(): boolean
  /** Follows another clock's anchor (a worker thread's copy). */
  follow(anchor: ClockAnchor): void
  onChange(listener: (anchor: ClockAnchor) => void): () => void
}

const longestTimerMs = 60_000

/** City time from an anchor. When it catches up with the wall it goes on at 1x. */
export function createCityClock(start: ClockAnchor, wall: Clock = wallClock): CityClock {
  let anchor = start
  const speed = start.speed
  const listeners = new Set<(anchor: ClockAnchor) => void>()
  let newest = -Infinity

  const now = (): number => (newest = Math.max(newest, Math.floor(cityTime(anchor, wall.now()))))

  const setAnchor = (next: ClockAnchor): void => {
    anchor = next
    for (const listener of [...listeners]) listener(next)
  }

  return {
    now,
    anchor: () => anchor,
    isWaiting: () => anchor.speed === 0,
    setWaiting(waiting) {
      if (waiting === (anchor.speed === 0)) return
      setAnchor({ wallAt: wall.now(), cityAt: now(), speed: waiting ? 0 : speed })
    },
    follow: setAnchor,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async sleepUntil(at, { signal } = {}) {
      while (now() < at) {
        signal?.throwIfAborted()
        const rate = anchor.speed === 0 ? 0 : now() >= wall.now() ? 1 : anchor.speed
        const waitMs =
          rate === 0 ? longestTimerMs : Math.min(Math.ceil((at - now()) / rate), longestTimerMs)
        await timerOrChange(Math.max(1, waitMs), listeners, signal)
      }
    },
  }
}

function timerOrChange(
  ms: number,
  listeners: Set<(anchor: ClockAnchor) => void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      clearTimeout(timer)
      listeners.delete(finish)
      signal?.removeEventListener('abort', abort)
      resolve()
    }
    const abort = (): void => {
      clearTimeout(timer)
      listeners.delete(finish)
      reject(
        signal?.reason instanceof Error
          ? signal.reason
          : new LarderError('RT_STOPPED', 'Stopped while waiting.'),
      )
    }
    const timer = setTimeout(finish, ms)
    listeners.add(finish)
    signal?.addEventListener('abort', abort, { once: true })
  })
}
