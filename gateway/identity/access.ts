import { isName, type Credential, type DevicePath } from '../../domain/index.ts'
import { coversFilter, matchesFilter } from '../wire/topic.ts'
import { mapTopic, type MappingRefusal } from './topic-mapping.ts'

/** Who a connection is, once it has logged in. */
export interface Identity {
  readonly username: string
  readonly kind: Credential['kind']
  /** Of the credential; null: not bound to one. */
  readonly site: string | null
  /** Path the connection speaks under; null for an operator and for a bridge that is no device itself. */
  readonly path: { readonly site: string; readonly device: string } | null
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
  readonly mappings: Credential['mappings']
}

export type AccessRefusal =
  'topic-not-allowed' | 'retain-not-allowed' | 'filter-not-allowed' | MappingRefusal

const ownTopics = ['telemetry', 'state', 'command/result'] as const
const uplink = 'uplink'

/** The edge gateway that an identity is, which forwards what it keeps; null for every other. */
export function gatewayOf({ kind, path }: Identity): Identity['path'] {
  return kind === 'bridge' ? path : null
}

/** Whether the message is a batch of messages that an edge gateway forwards. */
export function isUplink(identity: Identity, topic: string): boolean {
  const gateway = gatewayOf(identity)
  return gateway !== null && topic === `v1/${gateway.site}/${gateway.device}/${uplink}`
}

/** Whether a topic is any gateway's for such batches: what is in them goes out, the batch itself to nobody. */
export function isUplinkTopic(topic: string): boolean {
  return topic.endsWith(`/${uplink}`) && topic.startsWith('v1/') && topic.split('/').length === 4
}

/** Whether an edge gateway subscribes to the commands of all devices of its site. */
export function isSiteCommands(identity: Identity, filter: string): boolean {
  const gateway = gatewayOf(identity)
  return gateway !== null && filter === `v1/${gateway.site}/+/command`
}

/** Whether a bridge subscribes to what hosts tell its Sparkplug edge nodes. */
export function isSparkplugCommands({ kind }: Identity, filter: string): boolean {
  return kind === 'bridge' && /^spBv1\.0\/[^/]+\/(?:NCMD|DCMD|\+|#)/.test(filter)
}

export const commandTopic = ({ site, device }: { site: string; device: string }): string =>
  `v1/${site}/${device}/command`

/** Null where the identity may publish so. */
export function checkPublish(
  identity: Identity,
  message: { readonly topic: string; readonly retain: boolean },
): AccessRefusal | null {
  if (isUplink(identity, message.topic)) return message.retain ? 'retain-not-allowed' : null
  const own = identity.path && ownTopic(identity.path, message.topic)
  if (own) return message.retain && own !== 'state' ? 'retain-not-allowed' : null
  if (message.topic.startsWith('$')) return 'topic-not-allowed'
  const mapped = mapTopic(identity.mappings, identity.site, message.topic)
  if (mapped !== null) return typeof mapped === 'string' ? mapped : null
  const isExtra = identity.publish.some((rule) => matchesFilter(rule, message.topic))
  return isExtra ? null : 'topic-not-allowed'
}

/** The device that a bridge speaks for with a topic that does not say it. */
export function mappedPath(identity: Identity, topic: string): DevicePath | null {
  const mapped = mapTopic(identity.mappings, identity.site, topic)
  return mapped !== null && typeof mapped !== 'string' ? mapped : null
}

function ownTopic(
  path: { readonly site: string; readonly device: string },
  topic: string,
): (typeof ownTopics)[number] | null {
  const { site, device } = path
  const deviceAt = 'v1/'.length + site.length + 1
  const ownAt = deviceAt + device.length + 1
  const isOwn =
    topic.startsWith('v1/') &&
    topic.startsWith(site, 'v1/'.length) &&
    topic.startsWith(device, deviceAt) &&
    topic[deviceAt - 1] === '/' &&
    topic[ownAt - 1] === '/'
  if (!isOwn) return null
  for (const own of ownTopics)
    if (own.length === topic.length - ownAt && topic.endsWith(own)) return own
  return null
}

/** Null where the identity may subscribe so. Shared subscriptions are for nobody: the broker has none. */
export function checkSubscribe(identity: Identity, filter: string): AccessRefusal | null {
  if (filter === '$share' || filter.startsWith('$share/')) return 'filter-not-allowed'
  const isOwn = identity.path !== null && filter === commandTopic(identity.path)
  const isExtra = identity.subscribe.some((rule) => coversFilter(rule, filter))
  return isOwn || isExtra ? null : 'filter-not-allowed'
}

/** Whether a message may go out to the identity: asked again at delivery, for sessions that outlived a change of rules. */
export function mayReceive(identity: Identity, topic: string): boolean {
  if (identity.path !== null && topic === commandTopic(identity.path)) return true
  return identity.subscribe.some((rule) => matchesFilter(rule, topic))
}

/** The path of a client id `site.device`; null where it has another shape. */
export function parseClientId(clientId: string): { site: string; device: string } | null {
  const [site = '', device = '', ...more] = clientId.split('.')
  return more.length === 0 && isName(site) && isName(device) ? { site, device } : null
}
