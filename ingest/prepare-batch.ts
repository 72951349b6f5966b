import type { LoggedMessage, Position, Quality, Reading } from '../domain/index.ts'
import type { Catalogue, KnownDevice } from './catalogue.ts'
import { decodeMessage, type DecodeDeps, type DecodedMessage } from './decode/decode-message.ts'
import { hashTelemetry, type Telemetry } from './decode/telemetry.ts'
import type { MessageMemory, Verdict } from './message-memory.ts'
import { addReadings, isClockBelieved } from './to-readings.ts'

type TelemetryMessage = Extract<DecodedMessage, { type: 'telemetry' }>

/** A message as the sinks get it: what it says, and the readings that are new in it. */
export interface PreparedMessage {
  readonly message: DecodedMessage
  /** Who sent it, where it is telemetry. */
  readonly device: KnownDevice | null
  readonly readings: readonly Reading[]
  /** Readings of an earlier message whose number this one has too: the same again, now with quality `sequence`. */
  readonly doubted: readonly Reading[]
  readonly isClockFault: boolean
  readonly isSequenceFault: boolean
  /** Parts that had come before, byte for byte the same. */
  readonly duplicates: number
}

export interface PrepareDeps extends DecodeDeps {
  readonly memory: MessageMemory
  readonly catalogue: Catalogue
  readonly clockAheadMinutes: number
  /** A message of the log again; null where it is gone. Absent: what came first under a number keeps its quality. */
  readonly read?: (partition: number, position: Position) => Promise<LoggedMessage | null>
}

const none: readonly Reading[] = []

/** Decodes, looks devices up, and tells new messages from those that came before. */
export async function prepareMessages(
  messages: readonly LoggedMessage[],
  partition: number,
  deps: PrepareDeps,
): Promise<readonly PreparedMessage[]> {
  const decoded: DecodedMessage[] = []
  const topics: { readonly site: string; readonly device: string }[] = []
  for (const message of messages) {
    const one = decodeMessage(message, partition, deps)
    decoded.push(one)
    if (one.type === 'telemetry') topics.push(one.topic)
  }
  await deps.catalogue.refresh(topics)
  const prepared: PreparedMessage[] = []
  for (const message of decoded) {
    if (message.type !== 'telemetry') prepared.push(withoutReadings(message))
    else {
      const conflicts: Telemetry[] = []
      const one = prepareTelemetry(message, conflicts, deps)
      prepared.push(
        conflicts.length === 0 ? one : { ...one, doubted: await doubt(message, conflicts, deps) },
      )
    }
  }
  return prepared
}

function withoutReadings(message: DecodedMessage): PreparedMessage {
  return {
    ...{ message, device: null, readings: none, doubted: none },
    ...{ isClockFault: false, isSequenceFault: false, duplicates: 0 },
  }
}

/** Also adds to `conflicts` the parts whose number another one had first. */
function prepareTelemetry(
  message: TelemetryMessage,
  conflicts: Telemetry[],
  deps: PrepareDeps,
): PreparedMessage {
  const device = deps.catalogue.device(message.topic.site, message.topic.device)
  const readings: Reading[] = []
  let isClockFault = false
  let duplicates = 0
  let firstIndex = 0
  for (const part of message.parts) {
    const hash = part.seq === null && message.firstPlace === null ? 0 : hashTelemetry(part)
    const verdict = see(part, firstIndex, message, hash, deps.memory)
    if (verdict === 'duplicate') duplicates++
    else {
      const isBelieved = isClockBelieved(part.at, message.receivedAt, deps.clockAheadMinutes)
      isClockFault ||= !isBelieved
      if (verdict === 'conflict') conflicts.push(part)
      const quality = qualityOf(device.isRegistered, verdict === 'conflict', isBelieved)
      const aside = verdict === 'conflict' ? hash : null
      addReadings(readings, { message, part, firstIndex, isBelieved, quality, aside })
    }
    firstIndex += part.values.length
  }
  const isSequenceFault = conflicts.length > 0
  return { message, device, readings, doubted: none, isClockFault, isSequenceFault, duplicates }
}

/** What came over an uplink without a number of its own may have been sent twice: its place in the first log tells. */
function see(
  { boot, seq }: Telemetry,
  firstIndex: number,
  { topic: { site, device }, firstPlace, position }: TelemetryMessage,
  hash: number,
  memory: MessageMemory,
): Verdict {
  if (seq !== null) return memory.see(site, device, boot, seq, hash, position)
  if (!firstPlace) return 'new'
  const place = `${firstPlace.log}/${firstIndex}`
  return memory.see(site, device, place, firstPlace.position, hash, position)
}

/** A number given twice is the fault of both messages, whichever came first: the one that is stored already is marked as well. */
async function doubt(
  { topic: { site, device }, partition }: TelemetryMessage,
  conflicts: readonly Telemetry[],
  deps: PrepareDeps,
): Promise<readonly Reading[]> {
  const doubted: Reading[] = []
  for (const { boot, seq } of conflicts) {
    const position = seq === null ? null : deps.memory.positionOf(site, device, boot, seq)
    const first = position === null ? null : await deps.read?.(partition, position)
    if (!first) continue
    const message = decodeMessage(first, partition, { ...deps, isReplay: true })
    if (message.type === 'telemetry') doubted.push(...readingsOf(message, boot, seq, deps))
  }
  return doubted
}

/** The readings of one number of a message as they were stored, but for their quality. */
function readingsOf(
  message: TelemetryMessage,
  boot: string,
  seq: number | null,
  deps: PrepareDeps,
): Reading[] {
  const { site, device } = message.topic
  const { isRegistered } = deps.catalogue.device(site, device)
  const readings: Reading[] = []
  let firstIndex = 0
  const part = message.parts.find((one) => {
    const isIt = one.boot === boot && one.seq === seq
    if (!isIt) firstIndex += one.values.length
    return isIt
  })
  if (!part) return readings
  const isBelieved = isClockBelieved(part.at, message.receivedAt, deps.clockAheadMinutes)
  const quality = qualityOf(isRegistered, true, isBelieved)
  addReadings(readings, { message, part, firstIndex, isBelieved, quality, aside: null })
  return readings
}

function qualityOf(isRegistered: boolean, isConflict: boolean, isBelieved: boolean): Quality {
  if (!isRegistered) return 'unregistered'
  return isConflict ? 'sequence' : isBelieved ? 'good' : 'clock'
}
