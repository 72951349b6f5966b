import { isName, signalOf, type LoggedMessage, type RawMessage } from '../../domain/index.ts'
import { maxTopicBytes, maxTopicLevels } from '../wire/mqtt-frame.ts'

/** Why a message of a batch is left out; the rest of the batch is kept. */
export type UplinkRefusal = 'damaged' | 'foreign-site' | 'topic-not-allowed' | 'bad-message'

const forwarded: readonly string[] = ['telemetry', 'state', 'command/result']
const maxClientIdBytes = 256
/** Before Larder was: a clock that was never set. */
const earliestReceivedAt = Date.UTC(2020, 0, 1)
// eslint-disable-next-line no-control-regex
const forbidden = /[\u0000-\u001f\u007f-\u009f\ufffd+#]/

/**
 * Whether an edge gateway may say this: its own site's devices only, whether the topic names them or the path that the
 * edge found for a bridge's topic. A batch within a batch is nobody's.
 */
export function checkUplinked(message: LoggedMessage, site: string): UplinkRefusal | null {
  const { topic, clientId, path } = message
  if (!isTopic(topic) || (clientId !== null && !isClientId(clientId))) return 'bad-message'
  if (!Number.isFinite(message.receivedAt)) return 'bad-message'
  if (path) return path.site === site && isName(path.device) ? null : 'foreign-site'
  const [version, topicSite, device = '', ...what] = topic.split('/')
  if (version !== 'v1') return 'topic-not-allowed'
  if (topicSite !== site) return 'foreign-site'
  const isContext = device === 'context' && what.length === 1 && signalOf(what[0]!) !== null
  const isForwarded = isContext || (isName(device) && forwarded.includes(what.join('/')))
  return isForwarded ? null : 'topic-not-allowed'
}

function isTopic(topic: string): boolean {
  return (
    topic !== '' &&
    !topic.startsWith('$') &&
    !forbidden.test(topic) &&
    Buffer.byteLength(topic) <= maxTopicBytes &&
    topic.split('/').length <= maxTopicLevels
  )
}

function isClientId(clientId: string): boolean {
  return Buffer.byteLength(clientId) <= maxClientIdBytes && !forbidden.test(clientId)
}

/** The message as our log keeps it. */
export function toUplinked(
  message: LoggedMessage,
  batch: {
    readonly log: string
    readonly isBacklog: boolean
    readonly correctionMs: number
    readonly now: number
    readonly mayRetain: (state: RawMessage) => boolean
  },
): RawMessage {
  const { topic, payload, clientId, path, position } = message
  const corrected = message.receivedAt + batch.correctionMs
  const isPlausible = corrected >= earliestReceivedAt && corrected <= batch.now
  const kept: RawMessage = {
    topic,
    payload,
    clientId,
    receivedAt: isPlausible ? corrected : batch.now,
    qos: message.qos > 2 ? 1 : message.qos,
    retain: message.retain && !path && topic.endsWith('/state'),
    ...(path ? { path: { site: path.site, device: path.device } } : {}),
    firstPlace: { log: batch.log, position },
  }
  // A state that nothing newer replaces is what its device is now, however late it comes: no backlog.
  if (kept.retain && batch.mayRetain(kept)) return kept
  return { ...kept, retain: false, ...(batch.isBacklog ? { isBacklog: true } : {}) }
}
