import {
  errorMessage,
  LarderError,
  type ContextIssue,
  type DeadLetter,
  type DeadLetterReason,
  type DevicePath,
  type LoggedMessage,
  type FirstPlace,
} from '../../domain/index.ts'
import type { ReadText } from '../../runtime/index.ts'
import { decodeByProfile, saysNothing } from '../profiles/apply-profile.ts'
import type { Profile } from '../profiles/profile.ts'
import { decodeCommandResult, type CommandResult } from './command-result.ts'
import { decodeContext, parseContextTopic } from './context.ts'
import { decodeTelemetry } from './decoders.ts'
import { decodeState, type DeviceState } from './device-state.ts'
import { decodeSparkplug, type EdgeNews } from '../sparkplug/decode-sparkplug.ts'
import type { EdgeNodes } from '../sparkplug/edge-nodes.ts'
import { sparkplugPrefix } from '../sparkplug/topic.ts'
import { badPayload, type PayloadDecoder, type Telemetry } from './telemetry.ts'
import { parseTopic, type DeviceTopic } from './topic.ts'

interface Place {
  readonly partition: number
  readonly position: number
  readonly receivedAt: number
  /** The first log that kept it, where that is another than this one. */
  readonly firstPlace: FirstPlace | null
  readonly isBacklog: boolean
  /** Of now it says nothing: an edge node told it later than it happened. */
  readonly isHistorical: boolean
  readonly news: EdgeNews | null
}

/** A message of the log, understood or not; never an exception. */
export type DecodedMessage =
  | (Place & {
      readonly type: 'telemetry'
      readonly topic: DeviceTopic
      readonly parts: readonly Telemetry[]
    })
  | (Place & {
      readonly type: 'state'
      readonly topic: DeviceTopic
      readonly state: DeviceState
      /** Devices behind it that share its state. */
      readonly also?: readonly DevicePath[]
    })
  | (Place & {
      readonly type: 'result'
      readonly topic: DeviceTopic
      readonly result: CommandResult
    })
  | (Place & { readonly type: 'context'; readonly issues: readonly ContextIssue[] })
  | (Place & { readonly type: 'nothing' })
  | (Place & { readonly type: 'bad'; readonly letter: DeadLetter })

export interface DecodeDeps {
  readonly formats: readonly PayloadDecoder[]
  /** What the topics of bridges carry; where none knows one, its payload is told by its content like every other. */
  readonly profiles: readonly Profile[]
  /** What Sparkplug births have said so far. */
  readonly nodes: EdgeNodes
  /** Read again long after it came: it changes nothing that is known of now. */
  readonly isReplay?: boolean
  /** Reads topics, where it remembers them; and names, likewise. */
  readonly topics?: typeof parseTopic
  readonly textOf?: ReadText
}

export function decodeMessage(
  message: LoggedMessage,
  partition: number,
  deps: DecodeDeps,
): DecodedMessage {
  const { formats, profiles, topics = parseTopic, textOf } = deps
  const { payload, receivedAt } = message
  try {
    if (isSparkplug(message)) return sparkplugMessage(message, partition, deps)
    const topic = message.path
      ? { ...message.path, what: 'telemetry' as const }
      : topics(message.topic)
    if (topic?.what === 'telemetry') {
      const parts =
        (message.path && decodeByProfile(message.topic, payload, profiles)) ??
        decodeTelemetry(payload, receivedAt, formats, textOf)
      if (parts.length === 0) return { ...placeOf(message, partition), type: 'nothing' }
      const { position } = message
      const firstPlace = message.firstPlace ?? null
      const isBacklog = message.isBacklog ?? false
      // All in one literal: putting it together from `placeOf` costs as much as reading the payload.
      // prettier-ignore
      return {
        partition, position, receivedAt, firstPlace, isBacklog,
        isHistorical: false, news: null, type: 'telemetry', topic, parts,
      }
    }
    const place = placeOf(message, partition)
    switch (topic?.what) {
      case 'state':
        // An empty retained message clears what the broker retained [MQTT-3.3.1-10]; the device said nothing.
        if (message.retain && message.payload.length === 0) return { ...place, type: 'nothing' }
        return { ...place, type: 'state', topic, state: decodeState(message.payload) }
      case 'command/result':
        return { ...place, type: 'result', topic, result: decodeCommandResult(message.payload) }
      case 'command':
        return { ...place, type: 'nothing' }
      case undefined: {
        const about = parseContextTopic(message.topic)
        if (about) return { ...place, type: 'context', issues: decodeContext(message, about) }
        if (saysNothing(message.topic, profiles)) return { ...place, type: 'nothing' }
        throw badPayload('unknown-topic', 'The topic is not one that a device publishes to.')
      }
    }
  } catch (error) {
    const place = placeOf(message, partition)
    return { ...place, type: 'bad', letter: toDeadLetter(message, partition, error) }
  }
}

function placeOf(message: LoggedMessage, partition: number): Place {
  return {
    partition,
    position: message.position,
    receivedAt: message.receivedAt,
    firstPlace: message.firstPlace ?? null,
    isBacklog: message.isBacklog ?? false,
    isHistorical: false,
    news: null,
  }
}

/** Sparkplug is told by its topic, and is nobody's without the mapping of a bridge. */
function isSparkplug(
  message: LoggedMessage,
): message is LoggedMessage & { readonly path: DevicePath } {
  return message.path !== undefined && message.topic.startsWith(sparkplugPrefix)
}

function sparkplugMessage(
  message: LoggedMessage & { readonly path: DevicePath },
  partition: number,
  { nodes, profiles, isReplay = false }: DecodeDeps,
): DecodedMessage {
  const context = { nodes, profiles, partition, isReplay }
  const { says, news, isHistorical } = decodeSparkplug(message, context)
  const { path } = message
  const told = { ...placeOf(message, partition), news, isHistorical }
  switch (says.type) {
    case 'telemetry':
      return { ...told, ...says, topic: { ...path, what: 'telemetry' } }
    case 'state': {
      const { connection, also } = says
      const topic = { ...path, what: 'state' as const }
      return { ...told, type: 'state', topic, state: { connection, firmware: null }, also }
    }
    case 'nothing':
      return { ...told, ...says }
    case 'no-birth': {
      const words =
        'It names metrics by numbers of a birth that is not known. The edge node is asked for it; replay the letter then.'
      return {
        ...told,
        type: 'bad',
        letter: toDeadLetter(message, partition, badPayload('no-birth', words)),
      }
    }
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
