import type {
  Basket,
  ClockAnchor,
  MasterData,
  Progress,
  StageStatus,
  SystemStatus,
} from '../domain/index.ts'
import type { Clock } from '../domain/index.ts'
import type { Settings } from '../config/index.ts'
import type { Logger } from '../runtime/index.ts'
import type { OperationsStore, SeriesStore } from '../store/index.ts'
import type { Keys } from './security/keys.ts'

/** The city clock as the API sees it. */
export interface ApiClock {
  readonly now: () => number
  readonly anchor: () => ClockAnchor
  readonly isWaiting: () => boolean
}

export type SeriesReader = Pick<SeriesStore, 'range' | 'latest' | 'hourly'>
export type SeriesWriter = Pick<SeriesStore, 'write'>

/** Staff-minutes to pick and hand over a basket, as the planner reckons them. */
export type EstimateBasketMinutes = (
  basket: Basket,
  products: ReadonlyMap<string, MasterData['products']>,
) => { readonly p50: number; readonly p90: number }

/** A backup of the data folder; times are of the wall. */
export interface Backup {
  readonly folder: string
  readonly state: 'running' | 'done' | 'failed'
  readonly startedAt: number
  readonly finishedAt: number | null
  readonly bytes: number
  readonly words: string
  readonly progress: Progress | null
}

export interface Backups {
  readonly start: (folder: string) => Promise<Backup>
  /** Newest first. */
  readonly list: () => readonly Backup[]
}

export interface ApiDeps {
  readonly operations: OperationsStore
  readonly series: SeriesReader
  readonly seriesWriter: SeriesWriter
  /** City time. */
  readonly clock: ApiClock
  /** Wall time: heartbeats, sessions, time-outs. */
  readonly wall: Clock
  readonly keys: Keys
  readonly settings: Settings['http'] & Settings['api']
  /** True where the city is simulated: `anonymousRead: auto` depends on it. */
  readonly simulated: boolean
  readonly status: () => Promise<SystemStatus>
  /** What this process itself stands on, where the others of the installation are not its own: `/ready` tells this alone. */
  readonly readiness?: () => Promise<readonly StageStatus[]>
  /** Prometheus exposition text. */
  readonly metricsText: () => Promise<string>
  /** Folder of the built board; null: no board. */
  readonly boardFolder: string | null
  readonly logger: Logger
  readonly replayDeadLetters: (
    reason?: string,
  ) => Promise<{ readonly replayed: number; readonly stillBad: number }>
  readonly estimateBasketMinutes: EstimateBasketMinutes
  readonly backups: Backups
}
