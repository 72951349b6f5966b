import type { Clock, DevicePath } from '../../domain/index.ts'
import type { DeviceSighting } from '../../store/index.ts'
import type { PreparedMessage } from '../prepare-batch.ts'

/** A device that only says what is known is written so often, in wall time: every message would be a write per device and batch. */
const repeatAfterMs = 5_000
const mostDevices = 100_000

type Sighting = { -readonly [K in keyof DeviceSighting]: DeviceSighting[K] }

/** At most one sighting of each device in a batch, the newest word of each kind in it. */
export function createSightings(wall: Clock): {
  of(messages: readonly PreparedMessage[]): readonly DeviceSighting[]
} {
  const told = new Map<string, { readonly words: string; readonly at: number }>()

  function isNews(sighting: Sighting): boolean {
    const id = `${sighting.site}.${sighting.device}`
    const words = `${sighting.connection} ${sighting.firmware} ${sighting.unregistered}`
    const last = told.get(id)
    const now = wall.now()
    if (last?.words === words && now - last.at < repeatAfterMs) return false
    if (told.size >= mostDevices) told.clear()
    told.set(id, { words, at: now })
    return true
  }

  return {
    of(messages) {
      const seen = new Map<string, Map<string, Sighting>>()
      const see = ({ site, device }: DevicePath, at: number): Sighting => {
        let ofSite = seen.get(site)
        if (!ofSite) seen.set(site, (ofSite = new Map<string, Sighting>()))
        let sighting = ofSite.get(device)
        if (!sighting) ofSite.set(device, (sighting = { site, device, at }))
        sighting.at = Math.max(sighting.at, at)
        return sighting
      }
      for (const { message, device: known, readings } of messages) {
        if (message.type !== 'telemetry' && message.type !== 'state') continue
        const sighting = see(message.topic, message.receivedAt)
        if (message.isBacklog || message.isHistorical) {
          // What a device was before a cut says nothing of what it is now.
          if (known?.isRegistered === false) sighting.unregistered = true
        } else if (message.type === 'state') {
          sighting.connection = message.state.connection
          if (message.state.firmware !== null) sighting.firmware = message.state.firmware
          for (const path of message.also ?? [])
            see(path, message.receivedAt).connection = message.state.connection
        } else {
          sighting.connection = 'online'
          if (known?.isRegistered === false) sighting.unregistered = true
          for (const { channel, value } of readings)
            if (channel === 'batteryPct') sighting.batteryPct = value
        }
      }
      return [...seen.values()].flatMap((ofSite) => [...ofSite.values()].filter(isNews))
    },
  }
}
