import type { DeviceRegistry } from '../../domain/index.ts'
import { checkPublish, type Identity } from './access.ts'
import { createAuthenticator, type LoginRefusal } from './authenticator.ts'
import { createJoinLimits, type JoinLimits, type JoinRefusal } from './join-limits.ts'
import { createLoginDelay } from './login-delay.ts'

export type ConnectRefusal =
  LoginRefusal | JoinRefusal | 'id-in-use' | 'will-not-allowed' | 'not-ready'

/** CONNACK return codes of MQTT 3.1.1, 3.2.2.3. */
export const returnCodes: Readonly<Record<ConnectRefusal, number>> = {
  'no-credentials': 4,
  'unknown-user': 4,
  'wrong-secret': 4,
  revoked: 5,
  'wrong-client-id': 2,
  'certificate-wrong-name': 5,
  'id-in-use': 2,
  'will-not-allowed': 5,
  'join-rate': 3,
  'too-many-unregistered': 5,
  'too-many-logins': 3,
  'not-ready': 3,
}

/** Where a connection comes from. */
export interface Peer {
  readonly address: string
  /** Names of its certificate where it has one that is trusted. */
  readonly certificate: readonly string[] | null
}

export interface Connect {
  readonly clientId: string
  readonly username: string | undefined
  readonly password: Buffer | undefined
  readonly peer: Peer
  readonly will: { readonly topic: string; readonly retain: boolean } | undefined
  /** Who has that client id now. */
  readonly holder: () => Identity | undefined
}

export interface Logins {
  /** The refusal comes later the more often its address was refused. */
  logIn(
    connect: Connect,
  ): Promise<
    | { readonly identity: Identity; readonly refused: null }
    | { readonly identity: null; readonly refused: ConnectRefusal }
  >
  /** A message with a join credential. */
  readonly takeJoin: JoinLimits['take']
  /** The identity with the rules of today; null where it would no longer be let in. */
  readAgain(identity: Identity): Promise<Identity | null>
  stop(): void
}

/** Everything that is asked of a CONNECT that the wire let through. */
export function createLogins(deps: {
  readonly registry: DeviceRegistry
  readonly settings: { readonly joinPerSecond: number; readonly joinDevices: number }
  /** Rises evenly, whatever the wall clock does. */
  readonly monotonic: () => number
  readonly wait: (ms: number) => Promise<unknown>
  /** Addresses that are never kept waiting. */
  readonly isTrusted: (address: string) => boolean
}): Logins {
  const authenticator = createAuthenticator(deps.registry)
  const joins = createJoinLimits(deps)
  const delay = createLoginDelay(deps.monotonic)

  const judge = async (connect: Connect): Promise<Identity | ConnectRefusal> => {
    const { clientId, username, password, peer, will } = connect
    const { certificate, address } = peer
    const { identity, refused } = await authenticator.logIn({
      ...{ clientId, username, password, certificate, address },
    })
    if (!identity) return refused
    if (identity.kind === 'join' && identity.path) {
      const { site, device } = identity.path
      const refusal = joins.take(identity.username) ?? (await joins.admit(site, device))
      if (refusal) return refusal
    }
    const holder = connect.holder()
    if (holder && holder.username !== identity.username) return 'id-in-use'
    if (will && checkPublish(identity, will)) return 'will-not-allowed'
    return identity
  }

  return {
    async logIn(connect) {
      const judged = await judge(connect)
      if (typeof judged !== 'string') return { identity: judged, refused: null }
      const { address } = connect.peer
      if (!deps.isTrusted(address)) await deps.wait(delay.failed(address))
      return { identity: null, refused: judged }
    },
    takeJoin: (username) => joins.take(username),
    readAgain: (identity) => authenticator.readAgain(identity),
    stop: () => authenticator.stop(),
  }
}
