import type { LoggedMessage, Quality, Reading } from '../domain/index.ts'
import type { Catalogue } from './catalogue.ts'
import { decodeMessage, type DecodeDeps, type DecodedMessage } from './decode/decode-message.ts'
import { hashTelemetry } from './decode/telemetry.ts'
import type { MessageMemory, Verdict } from './message-memory.ts'
import { isClockBelieved, toReadings } from './to-readings.ts'

type Telemetry = Extract<DecodedMessage, { type: 'telemetry' }>

/** A message as the sinks get it: what it says, and the readings that are new in it. */
export interface PreparedMessage {
  readonly message: DecodedMessage
  readonly readings: readonly Reading[]
  readonly isClockFault: boolean
  readonly isSequenceFault: boolean
  /** Parts that had come before, byte for byte the same. */
  readonly duplicates: number
}

export interface PrepareDeps extends DecodeDeps {
  readonly memory: MessageMemory
  readonly catalogue: Catalogue
  readonly clockAheadMinutes: number
}

/** Decodes, looks devices up, and tells new messages from those that came before. */
export async function prepareMessages(
  messages: readonly LoggedMessage[],
  partition: number,
  deps: PrepareDeps,
): Promise<readonly PreparedMessage[]> {
  const decoded = messages.map((message) => decodeMessage(message, partition, deps))
  await deps.catalogue.refresh(
    decoded.flatMap((message) => (message.type === 'telemetry' ? [message.topic] : [])),
  )
  return decoded.map((message) =>
    message.type === 'telemetry' ? prepareTelemetry(message, deps) : withoutReadings(message),
  )
}

function withoutReadings(message: DecodedMessage): PreparedMessage {
  return { message, readings: [], isClockFault: false, isSequenceFault: false, duplicates: 0 }
}

function prepareTelemetry(message: Telemetry, deps: PrepareDeps): PreparedMessage {
  const { position, receivedAt, firstPlace } = message
  const { site, device } = message.topic
  const { isRegistered } = deps.catalogue.device(site, device)
  const all: Reading[] = []
  let isClockFault = false
  let isSequenceFault = false
  let duplicates = 0
  let firstIndex = 0
  for (const part of message.parts) {
    const hash = part.seq === null ? 0 : hashTelemetry(part)
    const verdict = see(part, firstIndex, message, hash, deps.memory)
    const isBelieved = isClockBelieved(part.at, receivedAt, deps.clockAheadMinutes)
    if (verdict === 'duplicate') duplicates++
    else {
      isClockFault ||= !isBelieved
      isSequenceFault ||= verdict === 'conflict'
      const quality = qualityOf(verdict === 'conflict', isBelieved)
      const place = { site, device, receivedAt, position, firstPlace, firstIndex }
      const context = { ...place, isBelieved, quality, hash }
      const readings = toReadings(part, context)
      all.push(...(isRegistered ? readings : readings.map(setAside)))
    }
    firstIndex += part.values.length
  }
  return { message, readings: all, isClockFault, isSequenceFault, duplicates }
}

/** What came over an uplink without a number of its own may have been sent twice: its place in the first log tells. */
function see(
  { boot, seq }: Telemetry['parts'][number],
  firstIndex: number,
  { topic: { site, device }, firstPlace }: Telemetry,
  hash: number,
  memory: MessageMemory,
): Verdict {
  if (seq !== null) return memory.see(site, device, boot, seq, hash)
  return firstPlace
    ? memory.see(site, device, `${firstPlace.log}/${firstIndex}`, firstPlace.position, hash)
    : 'new'
}

function qualityOf(isConflict: boolean, isBelieved: boolean): Quality {
  return isConflict ? 'sequence' : isBelieved ? 'good' : 'clock'
}

function setAside(reading: Reading): Reading {
  return { ...reading, quality: 'unregistered' }
}
