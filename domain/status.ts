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

/** What one process says of the stage that it runs, to whoever shows the whole. */
export interface StageReport extends StageStatus {
  /** Names the process among all of the installation. */
  readonly process: string
  /** False while another process does what only one may do at a time. */
  readonly active: boolean
  readonly progress: Progress | null
  readonly lagMs?: number
  readonly messages?: number
  readonly readings?: number
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
