import type { Client } from 'aedes'
import type { Identity } from './access.ts'

/** Who each open connection is. Rules that change hold from its next message on, without closing it. */
export interface LiveIdentities {
  get(client: Client): Identity | undefined
  set(client: Client, identity: Identity): void
  /** A credential changed: connections with it are read again, or closed where it ended. */
  changed(username: string): Promise<void>
}

export function createLiveIdentities(deps: {
  readonly clients: () => Iterable<Client>
  readonly clientOf: (id: string) => Client | undefined
  readonly readAgain: (identity: Identity) => Promise<Identity | null>
  readonly onClosed: (reason: 'revoked' | 'adopted') => void
}): LiveIdentities {
  const identities = new WeakMap<Client, Identity>()

  const close = (client: Client, reason: 'revoked' | 'adopted'): void => {
    deps.onClosed(reason)
    client.close()
  }
  /** A device's credential is used by one client id; any other by whoever has it. */
  const candidates = (username: string): Iterable<Client> => {
    if (!username.includes('/')) return [...deps.clients()]
    const client = deps.clientOf(username.replace('/', '.'))
    return client ? [client] : []
  }

  return {
    get: (client) => identities.get(client),
    set: (client, identity) => void identities.set(client, identity),
    async changed(username) {
      for (const client of candidates(username)) {
        const identity = identities.get(client)
        if (!identity) continue
        if (identity.username === username) {
          const now = await deps.readAgain(identity)
          if (now) identities.set(client, now)
          else close(client, 'revoked')
        } else if (username.includes('/')) close(client, 'adopted')
      }
    },
  }
}
