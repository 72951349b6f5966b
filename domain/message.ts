import { LarderError } from './errors.ts'

/** A message as it came over MQTT: never changed, kept until it is pruned. */
export interface RawMessage {
  readonly topic: string
  readonly payload: Uint8Array
  /** City clock. */
  readonly receivedAt: number
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
  /** Null for a Will or a message of the broker's own. */
  readonly clientId: string | null
  /** The device that a bridge speaks for, where the topic does not say it. */
  readonly path?: DevicePath
  /** Where it was first made durable; absent where the log that holds it is the first. */
  readonly firstPlace?: FirstPlace
  /** Kept through a cut of the line and forwarded behind the live messages: news of the past. */
  readonly isBacklog?: true
}

export interface DevicePath {
  readonly site: string
  readonly device: string
}

/** A message's place in the first log that kept it, carried over an uplink: it tells the same message sent twice from two. */
export interface FirstPlace {
  /** `LogStats.id` of that log: 32 hex digits. */
  readonly log: string
  readonly position: Position
}

/** Place in the log: rises within a partition. Opaque but for its order. */
export type Position = number

export interface LoggedMessage extends RawMessage {
  readonly position: Position
}

/** How far a group has come, by partition; written in the same transaction as the rows it made. */
export interface Applied {
  readonly group: string
  readonly partition: number
  readonly position: Position
  /**
   * Where the writer believes the group to stand, null before its first batch: where it stands elsewhere, and not at `position`
   * already, another owner has written, and the write is refused whole with RT_FENCED. Absent: nobody else writes for the group.
   */
  readonly from?: Position | null
}

/** What a store answers to a writer that does not stand where the group stands. */
export function fencedError(
  { group, partition, from = null }: Applied,
  stands: Position | null,
): LarderError {
  const at = (position: Position | null): string =>
    position === null ? 'its start' : `${position}`
  return new LarderError(
    'RT_FENCED',
    `Another process has written partition ${partition} for ${group}: the store has come to ${at(stands)}, this writer was at ${at(from)}. Nothing was written; read again from where the store stands.`,
  )
}

/** The newest birth of a Sparkplug edge node or of a device behind it, as it came: the names of what its data tell by number. */
export interface KeptBirth extends DevicePath {
  /** `{site}/{group}/{edge node}[/{device}]` in Sparkplug's own names. */
  readonly id: string
  readonly topic: string
  readonly payload: Uint8Array
  readonly receivedAt: number
}

/** What could not be read, with its reason and its exact bytes. */
export interface DeadLetter {
  /**
   * `{partition}.{position}`, or the place in the first log where that is another: the same message is one dead letter
   * however often it is read, and however often it came over an uplink.
   */
  readonly id: string
  readonly topic: string
  /** `site/device` that a bridge spoke for, where the topic does not say it. */
  readonly path: string | null
  readonly payload: Uint8Array
  readonly receivedAt: number
  readonly reason: DeadLetterReason
  readonly words: string
  /** Set once a replay has stored it. */
  readonly replayedAt: number | null
}

export const deadLetterReasons = [
  'not-utf8',
  'byte-order-mark',
  'not-json',
  'not-cbor',
  'not-sparkplug',
  'no-birth',
  'bad-unit',
  'unknown-field',
  'duplicate-key',
  'too-deep',
  'forbidden-key',
  'not-a-number',
  'missing-values',
  'bad-seq',
  'bad-boot',
  'bad-time',
  'bad-gtin',
  'bad-kind',
  'bad-channel',
  'empty',
  'too-many-readings',
  'unknown-topic',
  'not-an-object',
  'bad-state',
  'bad-result',
  'bad-context',
  'unprocessable',
] as const
export type DeadLetterReason = (typeof deadLetterReasons)[number]
