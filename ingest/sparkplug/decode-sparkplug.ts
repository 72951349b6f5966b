import type { DeviceCommand, DevicePath, KeptBirth, LoggedMessage } from '../../domain/index.ts'
import { badPayload, type Telemetry } from '../decode/telemetry.ts'
import type { Profile } from '../profiles/profile.ts'
import type { EdgeNode, EdgeNodes } from './edge-nodes.ts'
import { readSparkplug, rebirthPayload, type SparkplugPayload } from './payload.ts'
import { bdSeqOf, readMetrics, tableOf } from './read-metrics.ts'
import { commandTopicOf, parseSparkplugTopic, type SparkplugTopic } from './topic.ts'
import { toTelemetry } from './to-telemetry.ts'

/** What a message does beside its readings. */
export interface EdgeNews {
  /** The edge node is to send its births again. */
  readonly ask?: DeviceCommand
  /** It has. */
  readonly answered?: { readonly id: string; readonly path: DevicePath }
  readonly birth?: KeptBirth
  /** Metrics that are no numbers, or no channels. */
  readonly skipped?: number
}

export interface Sparkplug {
  readonly says:
    | { readonly type: 'telemetry'; readonly parts: readonly Telemetry[] }
    | {
        readonly type: 'state'
        readonly connection: 'online' | 'offline'
        /** Devices that live and die with the node. */
        readonly also: readonly DevicePath[]
      }
    | { readonly type: 'nothing' }
    /** Without its birth nobody knows what it says. */
    | { readonly type: 'no-birth' }
  readonly news: EdgeNews
  /** All of it is of the past: where it belongs, it is stored; of now it says nothing. */
  readonly isHistorical: boolean
}

export interface SparkplugDeps {
  readonly nodes: EdgeNodes
  readonly profiles: readonly Profile[]
  readonly partition: number
  /** Read again long after: births of today tell its names, and it moves nothing. */
  readonly isReplay: boolean
}

/** An edge node is asked again for births that do not come, so often; a request that nobody takes ends. */
const askAgainMs = 60_000
const askedForMs = 300_000
const seqs = 256
const nothing: Sparkplug = { says: { type: 'nothing' }, news: {}, isHistorical: false }

/** One message of an edge node (Sparkplug B 3.0), after those before it. Throws `badPayload` where it is none. */
export function decodeSparkplug(
  message: LoggedMessage & { readonly path: DevicePath },
  deps: SparkplugDeps,
): Sparkplug {
  const topic = parseSparkplugTopic(message.topic)
  if (!topic) throw badPayload('unknown-topic', 'The topic is none of Sparkplug B 3.0.')
  if (topic.type === 'STATE' || topic.type === 'NCMD' || topic.type === 'DCMD') return nothing
  const payload = readSparkplug(message.payload)
  const node = deps.nodes.node(edgeNodeId(message.path.site, topic))
  const isLive = !deps.isReplay && message.isBacklog !== true && message.position > node.position
  if (isLive) node.position = message.position
  const read: Read = { message, topic, payload, node, isLive, deps }
  switch (topic.type) {
    case 'NBIRTH':
    case 'DBIRTH':
      return birth(read)
    case 'NDATA':
    case 'DDATA':
      return data(read)
    case 'NDEATH':
      return nodeDeath(read)
    case 'DDEATH':
      return deviceDeath(read)
  }
}

/** Gives the nodes what the store kept of their births: nodes first, or the births of their devices would be forgotten. */
export function learnBirths(nodes: EdgeNodes): void {
  const births = nodes.kept.flatMap((kept) => {
    const topic = parseSparkplugTopic(kept.topic)
    return topic ? [{ kept, topic }] : []
  })
  const inOrder = births.sort(
    (a, b) => Number(a.topic.device !== null) - Number(b.topic.device !== null),
  )
  for (const { kept, topic } of inOrder) {
    const node = nodes.node(edgeNodeId(kept.site, topic))
    if (topic.device !== null && kept.receivedAt < (node.birth?.receivedAt ?? Infinity)) continue
    learn(node, topic, readSparkplug(kept.payload), kept)
    node.lastSeq = null
  }
}

const edgeNodeId = (site: string, { group, node }: SparkplugTopic): string =>
  `${site}/${group}/${node}`

interface Read {
  readonly message: LoggedMessage & { readonly path: DevicePath }
  readonly topic: SparkplugTopic
  readonly payload: SparkplugPayload
  readonly node: EdgeNode
  readonly isLive: boolean
  readonly deps: SparkplugDeps
}

function birth(read: Read): Sparkplug {
  const { message, topic, payload, node, isLive, deps } = read
  const { path, receivedAt } = message
  // One that comes late tells the names where no newer one did.
  const isNewest = receivedAt >= (node.birth?.receivedAt ?? 0)
  const isKept = (isLive && isNewest) || !node.tables.has(topic.device ?? '')
  const hasGap = topic.type === 'DBIRTH' && isLive && countsOn(read)
  const { asked } = node
  if (isKept) learn(node, topic, payload, { ...path, receivedAt })
  const metrics = readMetrics(payload, tableOf(payload)) ?? { values: [], skipped: 0 }
  const isNode = topic.type === 'NBIRTH'
  const { parts, unknown } = toTelemetry(message.topic, metrics.values, {
    profiles: deps.profiles,
    isBirth: true,
  })
  const mustAsk = !isNode && isLive && (hasGap || node.birth === null)
  return {
    says:
      parts.length > 0
        ? { type: 'telemetry', parts }
        : { type: 'state', connection: 'online', also: [] },
    news: {
      ...(isKept && !deps.isReplay ? { birth: keptBirth(read) } : {}),
      ...(isNode && isLive && asked ? { answered: asked } : {}),
      ...(mustAsk ? ask(read) : {}),
      skipped: metrics.skipped + unknown,
    },
    isHistorical: false,
  }
}

function learn(
  node: EdgeNode,
  topic: SparkplugTopic,
  payload: SparkplugPayload,
  { site, device, receivedAt }: DevicePath & { readonly receivedAt: number },
): void {
  const table = tableOf(payload)
  if (topic.device === null) {
    node.tables.clear()
    node.birth = { bdSeq: bdSeqOf(payload), receivedAt }
    node.isAlive = true
    node.lastSeq = payload.seq ?? 0
    node.asked = null
  } else node.devices.set(topic.device, { site, device })
  node.tables.set(topic.device ?? '', table)
}

function keptBirth({ message, topic }: Read): KeptBirth {
  const { path, payload, receivedAt } = message
  const device = topic.device === null ? '' : `/${topic.device}`
  const id = `${edgeNodeId(path.site, topic)}${device}`
  return { id, topic: message.topic, ...path, payload, receivedAt }
}

function data(read: Read): Sparkplug {
  const { message, topic, payload, node, isLive, deps } = read
  if (isLive && isRepeat(node, payload, message)) return nothing
  const hasGap = isLive && countsOn(read)
  const metrics = readMetrics(payload, node.tables.get(topic.device ?? ''))
  const isUnborn = node.birth === null || !node.isAlive || !node.tables.has(topic.device ?? '')
  const news = isLive && (hasGap || isUnborn || metrics === null) ? ask(read) : {}
  if (metrics === null) return { says: { type: 'no-birth' }, news, isHistorical: false }
  const { parts, unknown } = toTelemetry(message.topic, metrics.values, {
    profiles: deps.profiles,
    isBirth: false,
  })
  const skipped = metrics.skipped + unknown
  if (parts.length === 0 && skipped > 0)
    throw badPayload(
      'missing-values',
      'None of its metrics is a number of a channel: name it like the channel, or write a profile for the topic.',
    )
  return {
    says: parts.length > 0 ? { type: 'telemetry', parts } : { type: 'nothing' },
    news: { ...news, skipped },
    isHistorical: metrics.values.length > 0 && metrics.values.every((one) => one.isHistorical),
  }
}

function nodeDeath({ message, payload, node, isLive }: Read): Sparkplug {
  const bdSeq = bdSeqOf(payload)
  const born = node.birth?.bdSeq ?? null
  // The Will of a session before the last birth says nothing of this one.
  if (!isLive || (bdSeq !== null && born !== null && bdSeq !== born)) return nothing
  node.isAlive = false
  const also = [...node.devices.values()].filter(({ device }) => device !== message.path.device)
  return { says: { type: 'state', connection: 'offline', also }, news: {}, isHistorical: false }
}

function deviceDeath(read: Read): Sparkplug {
  if (!read.isLive) return nothing
  const news = countsOn(read) ? ask(read) : {}
  return { says: { type: 'state', connection: 'offline', also: [] }, news, isHistorical: false }
}

/** The same number with the same bytes: sent again by a client that had no answer. */
function isRepeat(node: EdgeNode, { seq }: SparkplugPayload, { payload }: LoggedMessage): boolean {
  return seq !== null && seq === node.lastSeq && hashBytes(payload) === node.lastHash
}

/** Moves the number on; true where one or more were left out. */
function countsOn({ node, payload, message }: Read): boolean {
  const { seq } = payload
  if (seq === null) return false
  const expected = node.lastSeq === null ? seq : (node.lastSeq + 1) % seqs
  node.lastSeq = seq
  node.lastHash = hashBytes(message.payload)
  return seq !== expected
}

function ask({ message, topic, node, deps }: Read): EdgeNews {
  const { path, receivedAt, position } = message
  if (node.asked !== null && receivedAt - node.asked.at < askAgainMs) return {}
  const id = `rebirth.${deps.partition}.${position}.${receivedAt}`
  node.asked = { id, path, at: receivedAt }
  const payload = Buffer.from(rebirthPayload(receivedAt)).toString('base64')
  const publish = { topic: commandTopicOf(topic), payload }
  return {
    ask: {
      ...{ id, ...path, set: { sparkplug: publish } },
      ...{ queuedAt: receivedAt, expiresAt: receivedAt + askedForMs },
      ...{ sentAt: null, status: 'queued' },
    },
  }
}

/** FNV-1a. */
function hashBytes(bytes: Uint8Array): number {
  let hash = 0x811c9dc5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}
