import { isObject } from './plain-json.ts'
import { parseStrictJson } from './strict-json.ts'
import { badPayload } from './telemetry.ts'

export interface CommandResult {
  readonly id: string
  readonly ok: boolean
}

/** `{"id":"…","ok":true}` */
export function decodeCommandResult(payload: Uint8Array): CommandResult {
  const value = parseStrictJson(payload)
  if (!isObject(value)) throw badPayload('bad-result', 'A result is a JSON object.')
  const { id, ok } = value
  if (typeof id !== 'string' || id.length === 0 || id.length > 128 || typeof ok !== 'boolean') {
    throw badPayload('bad-result', 'A result has an "id" (text) and "ok" (true or false).')
  }
  return { id, ok }
}
