import type { ClockAnchor } from './clock.ts'
import type { Progress } from './forecast.ts'

export interface StageStatus {
  readonly name: string
  readonly ready: boolean
  /** What it is doing, or what is wrong and what to do. */
  readonly words: string
  /** Sentences that a person should read although it runs: what is wrong, and what to do. */
  readonly problems?: readonly string[]
}

/** What a person asks first: does it run, how far is it behind, what is it busy with. */
export interface SystemStatus {
  readonly ready: boolean
  readonly stages: readonly StageStatus[]
  readonly clock: ClockAnchor & { readonly now: number; readonly waiting: boolean }
  /** City time between the newest message kept and the newest one written. */
  readonly ingestLagMs: number
  readonly messagesKept: number
  readonly readingsStored: number
  readonly progress: Progress | null
}
