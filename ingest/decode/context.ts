import {
  isName,
  readContextIssue,
  signalOf,
  type ContextIssue,
  type LoggedMessage,
} from '../../domain/index.ts'
import { isObject } from './plain-json.ts'
import { parseStrictJson } from './strict-json.ts'
import { badPayload } from './telemetry.ts'

interface ContextTopic {
  /** Null: the whole city. */
  readonly site: string | null
  readonly signal: string
}

const mostIssues = 200

/** `v1/{site}/context/{signal}`, or `v1/context/{signal}` for the whole city; null where it is neither. */
export function parseContextTopic(topic: string): ContextTopic | null {
  const levels = topic.split('/')
  const [version, site = '', word = '', signal = ''] =
    levels.length === 3 ? [levels[0], '', ...levels.slice(1)] : levels
  if (version !== 'v1' || word !== 'context' || levels.length > 4 || !signalOf(signal)) return null
  if (levels.length === 3) return { site: null, signal }
  return isName(site) ? { site, signal } : null
}

/** What is said of a topic's site and signal: a JSON object as `readContextIssue` reads it, or an array of such. */
export function decodeContext(
  { payload, receivedAt }: Pick<LoggedMessage, 'payload' | 'receivedAt'>,
  { site, signal }: ContextTopic,
): readonly ContextIssue[] {
  const value = parseStrictJson(payload)
  const items: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (items.length === 0) throw badPayload('empty', 'The array is empty.')
  if (items.length > mostIssues)
    throw badPayload('too-many-readings', `One payload carries at most ${mostIssues} issues.`)
  return items.map((item) => {
    if (!isObject(item)) throw badPayload('not-an-object', 'What is said is a JSON object.')
    const isForeign =
      (item.site !== undefined && item.site !== site) ||
      (item.signal !== undefined && item.signal !== signal)
    if (isForeign)
      throw badPayload('bad-context', '"site" and "signal" are the topic’s: leave them out.')
    return readContextIssue({ ...item, site: site ?? undefined, signal }, receivedAt)
  })
}
