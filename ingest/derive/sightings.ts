import type { Clock, DevicePath } from '../../domain/index.ts'
import type { DeviceSighting } from '../../store/index.ts'
import type { PreparedMessage } from '../prepare-batch.ts'

/** A device that only says what is known is written so often, in wall time: every message would be a write per device and batch. */
const repeatAfterMs = 5_000
const mostDevices = 100_000

type Sighting = { -readonly [K in keyof DeviceSighting]: DeviceSighting[K] }

/** What was said of a device, and when on the wall. */
type Told = Pick<Sighting, 'connection' | 'firmware' | 'unregistered'> & { at: number }

/** At most one sighting of each device in a batch, the newest word of each kind in it. */
export function createSightings(wall: Clock): {
  of(messages: readonly PreparedMessage[]): readonly DeviceSighting[]
} {
  /** By site and device: a text put together from both for every device of a batch costs more than the rest of it. */
  const told = new Map<string, Map<string, Told>>()
  let size = 0

  function isNews({ site, device, connection, firmware, unregistered }: Sighting): boolean {
    const at = wall.now()
    const last = told.get(site)?.get(device)
    if (last) {
      const isSame =
        last.connection === connection &&
        last.firmware === firmware &&
        last.unregistered === unregistered
      if (isSame && at - last.at < repeatAfterMs) return false
      Object.assign(last, { connection, firmware, unregistered, at })
      return true
    }
    if (size >= mostDevices) {
      told.clear()
      size = 0
    }
    let ofSite = told.get(site)
    if (!ofSite) told.set(site, (ofSite = new Map<string, Told>()))
    ofSite.set(device, { connection, firmware, unregistered, at })
    size++
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
