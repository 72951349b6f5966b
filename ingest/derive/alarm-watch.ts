import { hourMs, type AlarmKind, type ColdZone } from '../../domain/index.ts'
import type { AlarmEvent, OperationsStore } from '../../store/index.ts'
import type { PreparedMessage } from '../prepare-batch.ts'
import { createColdBreach } from './cold-breach.ts'

const openAlarmsAtOnce = 500
/** A device whose numbers have been right for so long is trusted again. */
const sequenceTrustMs = hourMs

/** Raises and ends alarms of devices and cold zones: an event only where something changes. */
export async function createAlarmWatch(
  operations: OperationsStore,
): Promise<{ of(messages: readonly PreparedMessage[]): readonly AlarmEvent[] }> {
  const badClocks = new Set(await openAlarms(operations, 'device-clock'))
  const sequenceFaults = new Map(
    (await openAlarms(operations, 'device-sequence')).map((id) => [id, 0]),
  )
  const coldBreach = createColdBreach(await openAlarms(operations, 'cold-breach'))

  function watchClock(prepared: Watched): AlarmEvent | null {
    const { id, place, isClockFault } = prepared
    if (isClockFault === badClocks.has(id)) return null
    if (isClockFault) badClocks.add(id)
    else badClocks.delete(id)
    const words = isClockFault
      ? 'Its clock is wrong: readings are kept at their receive time. Set its clock, or send no "at".'
      : 'Its clock is right again.'
    return { ...place, kind: 'device-clock', severity: 'warning', raised: isClockFault, words }
  }

  function watchSequence(prepared: Watched): AlarmEvent | null {
    const { id, place, isSequenceFault } = prepared
    const since = sequenceFaults.get(id)
    if (isSequenceFault) {
      sequenceFaults.set(id, place.at)
      if (since !== undefined) return null
      const words =
        'It gave one (boot, seq) to two messages. Both are kept; "boot" must change at every start and "seq" rise.'
      return { ...place, kind: 'device-sequence', severity: 'warning', raised: true, words }
    }
    if (since === undefined || place.at - since < sequenceTrustMs) return null
    sequenceFaults.delete(id)
    const words = 'Its messages have been numbered rightly for an hour.'
    return { ...place, kind: 'device-sequence', severity: 'warning', raised: false, words }
  }

  function watchCold({ id, place, readings }: Watched, zone: ColdZone): AlarmEvent[] {
    return readings.flatMap((reading) => {
      if (reading.channel !== 'celsius') return []
      const event = coldBreach.see(id, zone, reading.at, reading.value)
      return event
        ? [{ ...place, ...event, at: reading.at, kind: 'cold-breach', severity: 'critical' }]
        : []
    })
  }

  return {
    of(messages) {
      const events: AlarmEvent[] = []
      for (const prepared of messages) {
        const { message, device: known, readings, isClockFault, isSequenceFault } = prepared
        if (known?.isRegistered !== true || readings.length === 0) continue
        const { zone } = known
        const isQuiet = badClocks.size + sequenceFaults.size === 0 && zone === null
        if (isQuiet && !isClockFault && !isSequenceFault) continue
        if (message.type !== 'telemetry' || message.isHistorical) continue
        const { site, device } = message.topic
        const place = { site, device, product: null, at: message.receivedAt }
        const watched = {
          ...{ isClockFault, isSequenceFault, readings },
          id: `${site}.${device}`,
          place,
        }
        const found = [watchClock(watched), watchSequence(watched)]
        if (zone !== null) found.push(...watchCold(watched, zone))
        for (const event of found) if (event) events.push(event)
      }
      return events
    },
  }
}

interface Watched extends Pick<PreparedMessage, 'readings' | 'isClockFault' | 'isSequenceFault'> {
  readonly id: string
  readonly place: {
    readonly site: string
    readonly device: string
    readonly product: null
    readonly at: number
  }
}

async function openAlarms(operations: OperationsStore, type: AlarmKind): Promise<string[]> {
  const ids: string[] = []
  let cursor: string | undefined
  do {
    const page = await operations.list('alarms', { type, limit: openAlarmsAtOnce, cursor })
    for (const { site, device, clearedAt } of page.items) {
      if (clearedAt === null && device !== null) ids.push(`${site}.${device}`)
    }
    cursor = page.next ?? undefined
  } while (cursor !== undefined)
  return ids
}
