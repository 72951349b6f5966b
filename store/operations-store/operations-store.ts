import type {
  Alarm,
  Basket,
  Booking,
  Change,
  ContextIssue,
  Credential,
  CredentialView,
  DeadLetter,
  DeadLetterReason,
  Device,
  DeviceCommand,
  DevicePath,
  DeviceKind,
  ColdZone,
  Forecast,
  KeptBirth,
  Lease,
  MasterData,
  MasterKind,
  Position,
  RegisteredModel,
  RegistryChange,
  ReleaseTask,
  RetainedStore,
  Slot,
  SlotCapacity,
  StageReport,
  StockMovement,
  StockPosition,
  Transfer,
} from '../../domain/index.ts'
import type { ContextStore } from './context-store.ts'
import type { ModelsStore } from './models-store.ts'
import type { AlarmEvent, OperationsBatch, OperationsEffects } from './operations-batch.ts'

/** What can be read back, by kind. Ids: stock `{site}.{product}`, device `{site}.{device}`, the rest as their own `id`. */
export interface Resources extends MasterData {
  devices: Device
  stock: StockPosition
  forecasts: Forecast
  transfers: Transfer
  slots: Slot
  bookings: Booking
  'release-tasks': ReleaseTask
  alarms: Alarm
  'dead-letters': DeadLetter
  models: RegisteredModel
  context: ContextIssue
}

/**
 * Each filter applies where the resource has that field. `from <= t < to`, t being: forecasts origin, transfers proposedAt,
 * slots, bookings and context startAt, release-tasks pickUpAt, alarms raisedAt, dead-letters receivedAt, stock asOf.
 * A transfer's or lane's `site` is either end. An alarm's status is `open` or `cleared`, a dead letter's `open` or `replayed`.
 * Order: slots, bookings, release tasks and context by time, forecasts, transfers, alarms, dead letters and models newest first, the rest by id.
 */
export interface ResourceFilter {
  readonly site?: string | undefined
  readonly product?: string | undefined
  readonly device?: string | undefined
  readonly from?: number | undefined
  readonly to?: number | undefined
  readonly status?: string | undefined
  /** forecasts: target; alarms: kind; dead-letters: reason; context: signal. */
  readonly type?: string | undefined
  /** Forecasts: only the newest origin of each series. */
  readonly latest?: boolean | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

export interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

export interface DeadLetterCount {
  readonly reason: DeadLetterReason
  readonly open: number
  readonly replayed: number
}

/**
 * Sites, products, stock, decisions and the outbox. Every method is one transaction; every change it makes leaves its row
 * in `changes` in the same transaction. Times are of the city clock and always given. A missing id is RT_NOT_FOUND,
 * a state that does not allow the step RT_WRONG_STATE (details: status).
 */
export interface OperationsStore extends RetainedStore, ModelsStore, ContextStore {
  /** Insert or replace, by id. Products without a GTIN get a restricted one. A reference to an unknown site or product is RT_REQUEST_INVALID. */
  putMasterData<K extends MasterKind>(
    kind: K,
    items: readonly MasterInput<K>[],
    at: number,
  ): Promise<readonly ('created' | 'replaced')[]>
  get<K extends keyof Resources>(kind: K, id: string): Promise<Resources[K] | null>
  list<K extends keyof Resources>(kind: K, filter: ResourceFilter): Promise<Page<Resources[K]>>
  /** All of one kind of master data, for stages that hold it in memory. */
  all<K extends MasterKind>(kind: K): Promise<readonly MasterData[K][]>

  /** The device and its credential; creates the site if new. An existing device keeps its row and gets a new credential. */
  registerDevice(
    device: {
      readonly site: string
      readonly device: string
      readonly kind: DeviceKind
      readonly zone?: ColdZone | undefined
    },
    credential: Credential,
    at: number,
  ): Promise<Device>
  putCredential(credential: Credential, at: number): Promise<void>
  credential(username: string): Promise<Credential | null>
  /** Those of no single device (join, bridge, operator), by username. */
  listCredentials(query: {
    readonly limit: number
    readonly cursor?: string | undefined
  }): Promise<Page<CredentialView>>
  revokeCredential(username: string): Promise<void>
  unregisteredDevices(site: string): Promise<readonly string[]>
  revokeDevice(site: string, device: string, at: number): Promise<void>
  adoptDevice(
    site: string,
    device: string,
    kind: DeviceKind,
    credential: Credential,
    at: number,
  ): Promise<Device>
  /** Once: a command that is known by its id stays as it is. */
  queueCommand(command: DeviceCommand): Promise<void>
  pendingCommands(site: string, device: string, now: number): Promise<readonly DeviceCommand[]>
  devicesWithCommands(now: number): Promise<readonly DevicePath[]>
  markCommandSent(id: string, at: number): Promise<void>

  /** What ingest learnt; skipped whole where `applied` is not beyond what the group has. */
  applyBatch(batch: OperationsBatch): Promise<void>
  applied(group: string): Promise<ReadonlyMap<number, Position>>
  births(): Promise<readonly KeptBirth[]>
  /** What a dead letter says, now that it can be read; once: false where it had been replayed before, or is gone. */
  replayDeadLetter(id: string, at: number, effects: OperationsEffects): Promise<boolean>
  /** Why a letter still cannot be read, by the decoder of now. */
  explainDeadLetter(id: string, why: Pick<DeadLetter, 'reason' | 'words'>): Promise<void>
  /** By reason, most first. */
  countDeadLetters(): Promise<readonly DeadLetterCount[]>
  raiseAlarms(events: readonly AlarmEvent[]): Promise<void>

  /** Idempotent by movement id. */
  moveStock(movements: readonly StockMovement[]): Promise<void>

  /** Idempotent by id: a forecast made again (late data) replaces the old one. */
  saveForecasts(forecasts: readonly Forecast[]): Promise<void>

  /** Earlier proposals still open between the same two sites are expired by the new plan, as are those it withdraws, by id. */
  proposeTransfers(
    transfers: readonly Transfer[],
    at: number,
    withdraw?: readonly string[],
  ): Promise<void>
  decideTransfer(
    id: string,
    decision: 'approve' | 'reject',
    by: string,
    at: number,
  ): Promise<Transfer>
  /**
   * Takes the units from the giver, never more than it has; `lines` is what was really loaded. Without them the units asked
   * are taken, as far as no booking holds them.
   */
  dispatchTransfer(
    id: string,
    lines: readonly { readonly product: string; readonly units: number }[] | null,
    at: number,
  ): Promise<Transfer>
  /** Adds what was counted to the receiver; status `short` where it is less than was dispatched. */
  receiveTransfer(
    id: string,
    lines: readonly { readonly product: string; readonly units: number }[],
    at: number,
  ): Promise<Transfer>
  /** Proposals past `expiresAt`, or approved by `auto` where `autoApproveBefore` says so. Returns the ids it changed. */
  settleProposals(options: {
    readonly now: number
    readonly autoApproveBefore: number | null
  }): Promise<readonly string[]>

  /** Insert or update capacity; used and held minutes stay. */
  saveSlots(slots: readonly SlotCapacity[], at: number): Promise<void>
  /** Holds minutes and stock, or RT_CAPACITY_EXCEEDED (details: remainingMinutes, nextSlots; or product, availableUnits). */
  lease(request: {
    readonly leaseId: string
    readonly slot: string
    readonly baskets: readonly Basket[]
    readonly minutes: number
    readonly now: number
    readonly expiresAt: number
  }): Promise<Lease>
  book(request: {
    readonly bookingId: string
    readonly leaseId: string
    readonly now: number
  }): Promise<Booking>
  /**
   * cancel gives minutes and stock back; collect takes the units from stock (where a shelf tells, it ends the reservation only);
   * miss, for one whose time is over, gives the stock back.
   */
  moveBooking(
    id: string,
    step: 'arrive' | 'collect' | 'cancel' | 'miss',
    at: number,
  ): Promise<Booking>
  /** Leases past their time are released. */
  expireLeases(now: number): Promise<number>

  saveReleaseTasks(tasks: readonly ReleaseTask[], at: number): Promise<void>

  /** Rows with number > after, by number. */
  changes(
    after: number,
    limit: number,
  ): Promise<{
    readonly changes: readonly Change[]
    /** Oldest number still kept. */ readonly oldest: number
    readonly newest: number
  }>
  /** Calls back with the newest number after each commit that made changes; coalesced. Returns the way to stop it. */
  readonly subscribe: (listener: (newest: number) => void) => () => void
  /** Calls back after a commit that changed a credential or queued a command. */
  readonly subscribeRegistry: (listener: (change: RegistryChange) => void) => () => void

  /**
   * POST answers by Idempotency-Key: the stored one, or null and the key is now in flight, for a minute of the wall at most;
   * RT_IDEMPOTENCY_KEY_REUSED for another body. What a request makes is named by its key, so that one carried out twice makes it once.
   */
  beginIdempotent(
    key: string,
    requestHash: string,
    now: { readonly at: number; readonly wallAt: number },
  ): Promise<{ readonly status: number; readonly body: string } | null>
  endIdempotent(
    key: string,
    answer: { readonly status: number; readonly body: string } | null,
  ): Promise<void>

  /** Replaces what this process said before, and drops what others said more than ten minutes ago. `at` is of the wall. */
  reportStage(report: StageReport, at: number): Promise<void>
  /** A process that ends by itself is not waited for. */
  withdrawStage(process: string): Promise<void>
  stageReports(): Promise<readonly (StageReport & { readonly at: number })[]>

  /**
   * Drops what is older: changes (all but the newest), forecasts and their scores, retired models, context (35 days later), ended leases and alarms, dead letters, commands,
   * idempotency keys, and the ledger rows of single sales.
   */
  prune(limits: { readonly before: number }): Promise<void>
  close(): Promise<void>
}

export type MasterInput<K extends MasterKind> = K extends 'products'
  ? Omit<MasterData['products'], 'gtin'> & { readonly gtin?: string }
  : MasterData[K]
