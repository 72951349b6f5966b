import type {
  Alarm,
  Applied,
  ContextIssue,
  DeadLetter,
  Device,
  DeviceCommand,
  KeptBirth,
  StockEvidence,
} from '../../domain/index.ts'

export interface DeviceSighting {
  readonly site: string
  readonly device: string
  readonly at: number
  readonly connection?: Device['connection'] | undefined
  readonly firmware?: string | undefined
  readonly batteryPct?: number | undefined
  /** Sent with a join credential: not one of ours yet. */
  readonly unregistered?: boolean | undefined
}

/** All that one batch of the log changes in operations; applied once, in one transaction. */
export interface OperationsBatch extends OperationsEffects {
  readonly applied: Applied
}

/** What messages say of devices, stock, alarms, commands, dead letters and context. */
export interface OperationsEffects {
  readonly sightings: readonly DeviceSighting[]
  readonly stock: readonly StockEvidence[]
  readonly deadLetters: readonly DeadLetter[]
  readonly alarms: readonly AlarmEvent[]
  /** Queued once, by id. */
  readonly commands?: readonly DeviceCommand[]
  /** The newest of each id is kept. */
  readonly births?: readonly KeptBirth[]
  readonly context?: readonly ContextIssue[]
  readonly commandResults: readonly {
    readonly id: string
    readonly site: string
    readonly device: string
    readonly ok: boolean
    readonly at: number
  }[]
}

/** Raises an alarm, or clears it: one is open at most per (kind, site, device, product). */
export interface AlarmEvent extends Pick<
  Alarm,
  'kind' | 'severity' | 'site' | 'device' | 'product' | 'words'
> {
  readonly raised: boolean
  readonly at: number
}
