import type { Client } from 'aedes'
import type { DevicePath } from '../../domain/index.ts'
import { commandTopic, isSiteCommands, type Identity } from '../identity/access.ts'

/** Connections that take commands: of devices, each its own, and of edge gateways, all of their site. */
export interface CommandTakers {
  /** Takes note of a granted subscription; false where it is none to commands of one's own. */
  subscribed(client: Client, identity: Identity, filter: string): boolean
  /** Who takes a device's commands: the device where it is connected here, else the edge gateway of its site. */
  of(path: DevicePath): Client | undefined
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
  return {
    subscribed(client, identity, filter) {
      if (identity.path && filter === commandTopic(identity.path)) devices.add(client)
      else if (isSiteCommands(identity, filter)) gateways.add(client)
      else return false
      return true
    },
    of({ site, device }) {
      const own = deps.clientOf(`${site}.${device}`)
      if (own && devices.has(own)) return own
      return [...gateways].find((gateway) => deps.identityOf(gateway)?.path?.site === site)
    },
    isDevice: (client) => devices.has(client),
    isGateway: (client) => gateways.has(client),
    left: (client) => void gateways.delete(client),
  }
}
