import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../domain/index.ts'

/** The machine's own time. */
export const wallClock: Clock = {
  now: () => Date.now(),
  async sleepUntil(at, { signal } = {}) {
    for (let left = at - Date.now(); left > 0; left = at - Date.now()) {
      await sleep(Math.min(left, 0x7fffffff), undefined, signal ? { signal } : {})
    }
  },
}
