import {
  errorMessage,
  LarderError,
  type DeadLetter,
  type DeadLetterReason,
  type LoggedMessage,
  type FirstPlace,
} from '../../domain/index.ts'
import { decodeByProfile } from '../profiles/apply-profile.ts'
import type { Profile } from '../profiles/profile.ts'
import { decodeCommandResult, type CommandResult } from './command-result.ts'
import { decodeTelemetry } from './decoders.ts'
import { decodeState, type DeviceState } from './device-state.ts'
import { badPayload, type PayloadDecoder, type Telemetry } from './telemetry.ts'
import { parseTopic, type DeviceTopic } from './topic.ts'

interface Place {
  readonly partition: number
  readonly position: number
  readonly receivedAt: number
  /** The first log that kept it, where that is another than this one. */
  readonly firstPlace: FirstPlace | null
  readonly isBacklog: boolean
}

/** A message of the log, understood or not; never an exception. */
export type DecodedMessage =
  | (Place & {
      readonly type: 'telemetry'
      readonly topic: DeviceTopic
      readonly parts: readonly Telemetry[]
    })
  | (Place & { readonly type: 'state'; readonly topic: DeviceTopic; readonly state: DeviceState })
  | (Place & {
      readonly type: 'result'
      readonly topic: DeviceTopic
      readonly result: CommandResult
    })
  | (Place & { readonly type: 'nothing' })
  | (Place & { readonly type: 'bad'; readonly letter: DeadLetter })

export interface DecodeDeps {
  readonly formats: readonly PayloadDecoder[]
  /** What the topics of bridges carry; where none knows one, its payload is told by its content like every other. */
  readonly profiles: readonly Profile[]
}

export function decodeMessage(
  message: LoggedMessage,
  partition: number,
  { formats, profiles }: DecodeDeps,
): DecodedMessage {
  const place = {
    partition,
    position: message.position,
    receivedAt: message.receivedAt,
    firstPlace: message.firstPlace ?? null,
    isBacklog: message.isBacklog ?? false,
  }
  try {
    const topic = message.path
      ? { ...message.path, what: 'telemetry' as const }
      : parseTopic(message.topic)
    switch (topic?.what) {
      case 'telemetry':
        return {
          ...place,
          type: 'telemetry',
          topic,
          parts:
            (message.path && decodeByProfile(message.topic, message.payload, profiles)) ??
            decodeTelemetry(message.payload, message.receivedAt, formats),
        }
      case 'state':
        // An empty retained message clears what the broker retained [MQTT-3.3.1-10]; the device said nothing.
        if (message.retain && message.payload.length === 0) return { ...place, type: 'nothing' }
        return { ...place, type: 'state', topic, state: decodeState(message.payload) }
      case 'command/result':
        return { ...place, type: 'result', topic, result: decodeCommandResult(message.payload) }
      case 'command':
        return { ...place, type: 'nothing' }
      case undefined:
        throw badPayload('unknown-topic', 'The topic is not one that a device publishes to.')
    }
  } catch (error) {
    return { ...place, type: 'bad', letter: toDeadLetter(message, partition, error) }
  }
}

function toDeadLetter(message: LoggedMessage, partition: number, error: unknown): DeadLetter {
  const reason = error instanceof LarderError ? error.details.reason : undefined
  return {
    id: message.firstPlace
      ? `${message.firstPlace.log}.${message.firstPlace.position}`
      : `${partition}.${message.position}`,
    topic: message.topic,
    path: message.path ? `${message.path.site}/${message.path.device}` : null,
    payload: message.payload,
    receivedAt: message.receivedAt,
    // A decoder that fails in a way it did not foresee costs this message, not the stage.
    reason: (reason ?? 'unprocessable') as DeadLetterReason,
    words: errorMessage(error),
    replayedAt: null,
  }
}
