import { openSqliteMessageLog } from '../../message-log/index.ts'
import { wallClock } from '../../runtime/index.ts'
import { payloadOf, willOf, type DeviceLedger, type FleetLedger } from './ledger.ts'

export interface LedgerCheck {
  readonly messages: number
  readonly wills: number
  /** What is wrong, in sentences; nothing where all is well. */
  readonly faults: readonly string[]
}

/** Reads the whole log and lays it beside the ledger: nothing acknowledged is missing, nothing is invented or there twice. */
export async function checkLedger(file: string, ledger: FleetLedger): Promise<LedgerCheck> {
  const faults: string[] = []
  const notice = (words: string): void => void faults.push(words)
  const log = openSqliteMessageLog({ file, wall: wallClock, notice })
  const devices = new Map(ledger.devices.map((device) => [device.topic, device]))
  const found = new Map(ledger.devices.map(({ topic, sent }) => [topic, new Uint8Array(sent)]))
  const willTopics = new Map(
    ledger.devices.map((device) => [device.topic.replace('telemetry', 'state'), device]),
  )
  const wills = new Set<string>()
  const kept = new Set<string>()
  const wanted = new Set(ledger.watched)
  let messages = 0

  const check = (topic: string, payload: string): void => {
    if (wanted.has(`${topic} ${payload}`)) kept.add(`${topic} ${payload}`)
    if (payload.startsWith('Will ')) {
      const number = Number.parseInt(payload.slice(5))
      const device = willTopics.get(topic)
      if (!device || number >= device.wills || payload !== willOf(topic, number))
        faults.push(`never sent: ${topic} ${payload}`)
      if (wills.has(payload)) faults.push(`there twice: ${payload}`)
      wills.add(payload)
      return
    }
    const device = devices.get(topic)
    const number = Number.parseInt(payload.slice(topic.length))
    if (!device || !(number < device.sent) || payload !== payloadOf(topic, number)) {
      faults.push(`never sent: ${topic} ${payload}`)
      return
    }
    if (++found.get(topic)![number]! > 1) faults.push(`there twice: ${payload}`)
  }

  const end = (await log.stats()).ends.get(0)!
  const abort = new AbortController()
  for await (const batch of log.consume('check', { signal: abort.signal })) {
    for (const { topic, payload } of batch.messages) check(topic, Buffer.from(payload).toString())
    for (const { words } of batch.holes) faults.push(words)
    messages += batch.messages.length
    if (batch.position >= end) abort.abort()
  }
  await log.close()
  faults.push(...ledger.devices.flatMap((device) => missing(device, found.get(device.topic)!)))
  for (const one of wanted) if (!kept.has(one)) faults.push(`a subscriber was given it: ${one}`)
  return { messages, wills: wills.size, faults }
}

function missing({ topic, acknowledged }: DeviceLedger, found: Uint8Array): string[] {
  const faults: string[] = []
  for (const [from, to] of acknowledged)
    for (let number = from; number <= to; number++)
      if (found[number] === 0) faults.push(`acknowledged and lost: ${topic} ${number}`)
  return faults
}
