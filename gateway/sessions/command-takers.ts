import type { Client } from 'aedes'
import { matchTopic, type DevicePath } from '../../domain/index.ts'
import {
  commandTopic,
  isSiteCommands,
  isSparkplugCommands,
  type Identity,
} from '../identity/access.ts'

/**
 * Connections that take commands: of devices, each its own; of edge gateways, all of their site; of Sparkplug edge nodes, what goes
 * to a topic they subscribed to.
 */
export interface CommandTakers {
  /** Takes note of a granted subscription; false where it is none to commands of one's own. */
  subscribed(client: Client, identity: Identity, filter: string): boolean
  /** Who takes a device's commands: the device where it is connected here, else the edge gateway of its site. */
  of(path: DevicePath): Client | undefined
  /** Sparkplug edge nodes of the site, or of any, that are connected here. */
  edgeNodesOf(site: string): readonly Client[]
  /** Whether it is an edge node, which takes commands of Sparkplug only, and this topic's. */
  takesTopic(client: Client, topic: string): boolean
  isEdgeNode(client: Client): boolean
  isDevice(client: Client): boolean
  isGateway(client: Client): boolean
  left(client: Client): void
}

export function createCommandTakers(deps: {
  readonly clientOf: (id: string) => Client | undefined
  readonly identityOf: (client: Client) => Identity | undefined
}): CommandTakers {
  const devices = new WeakSet<Client>()
  const gateways = new Set<Client>()
  const edgeNodes = new Map<Client, Set<string>>()
  return {
    subscribed(client, identity, filter) {
      if (identity.path && filter === commandTopic(identity.path)) devices.add(client)
      else if (isSiteCommands(identity, filter)) gateways.add(client)
      else {
        if (isSparkplugCommands(identity, filter))
          edgeNodes.set(client, (edgeNodes.get(client) ?? new Set()).add(filter))
        return false
      }
      return true
    },
    of({ site, device }) {
      const own = deps.clientOf(`${site}.${device}`)
      if (own && devices.has(own)) return own
      return [...gateways].find((gateway) => deps.identityOf(gateway)?.path?.site === site)
    },
    edgeNodesOf: (site) =>
      [...edgeNodes.keys()].filter((client) => {
        const bound = deps.identityOf(client)?.site
        return bound === null || bound === site
      }),
    takesTopic: (client, topic) =>
      [...(edgeNodes.get(client) ?? [])].some((filter) => matchTopic(filter, topic) !== null),
    isEdgeNode: (client) => edgeNodes.has(client),
    isDevice: (client) => devices.has(client),
    isGateway: (client) => gateways.has(client),
    left(client) {
      gateways.delete(client)
      edgeNodes.delete(client)
    },
  }
}
