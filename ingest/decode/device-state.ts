import type { Device } from '../../domain/index.ts'
import { isObject, readBoot } from './plain-json.ts'
import { parseStrictJson } from './strict-json.ts'
import { badPayload } from './telemetry.ts'

export interface DeviceState {
  readonly connection: Exclude<Device['connection'], 'unknown'>
  readonly firmware: string | null
}

/** `{"state":"online","firmware":"1.2.0","boot":"…"}`: a device's own word, or its Will. */
export function decodeState(payload: Uint8Array): DeviceState {
  const value = parseStrictJson(payload)
  if (!isObject(value)) throw badPayload('bad-state', 'A state is a JSON object.')
  const { state, firmware, boot } = value
  if (state !== 'online' && state !== 'offline' && state !== 'sleeping') {
    throw badPayload('bad-state', '"state" is online, offline or sleeping.')
  }
  if (firmware !== undefined && (typeof firmware !== 'string' || firmware.length > 128)) {
    throw badPayload('bad-state', '"firmware" is a text of at most 128 characters.')
  }
  readBoot(boot)
  return { connection: state, firmware: firmware ?? null }
}
