import type { Duplex } from 'node:stream'
import type { AuthenticateError, Client } from 'aedes'
import type { Logger } from '../runtime/index.ts'
import type { Identity } from './identity/access.ts'
import { returnCodes, type ConnectRefusal, type Logins, type Peer } from './identity/log-in.ts'

interface Will {
  readonly topic: string
  readonly retain?: boolean
}

export interface Connects {
  /** Where a connection comes from, before its first byte is read. */
  opened(connection: Duplex, peer: Peer): void
  /** A CONNECT, before its log-in. */
  asked(client: Client, will: Will | undefined): void
  /** The answer is an error with the return code of CONNACK where the client is refused. */
  logIn(
    client: Client,
    username: string | undefined,
    password: Buffer | undefined,
    done: (error: AuthenticateError | null, isIn: boolean) => void,
  ): void
}

/** What Aedes asks of a CONNECT, answered by who the client is; every client that is let in is told before its CONNACK. */
export function createConnects(deps: {
  readonly logins: Pick<Logins, 'logIn'>
  /** Who has a client id now. */
  readonly holderOf: (clientId: string) => Identity | undefined
  readonly onAccepted: (client: Client, identity: Identity) => void
  readonly onRefused: (reason: ConnectRefusal) => void
  readonly logger: Logger
}): Connects {
  const peers = new WeakMap<object, Peer>()
  const wills = new WeakMap<Client, { topic: string; retain: boolean }>()

  return {
    opened: (connection, peer) => void peers.set(connection, peer),
    asked(client, will) {
      if (will) wills.set(client, { topic: will.topic, retain: !!will.retain })
    },
    logIn(client, username, password, done) {
      const peer = peers.get(client.conn) ?? { address: '', certificate: null }
      const holder = (): Identity | undefined => deps.holderOf(client.id)
      deps.logins
        .logIn({
          ...{ clientId: client.id, username, password, peer, will: wills.get(client), holder },
        })
        .catch((error: unknown) => {
          deps.logger.error({ err: error }, 'a login could not be checked')
          return { identity: null, refused: 'not-ready' } as const
        })
        .then(({ identity, refused }) => {
          if (refused) deps.onRefused(refused)
          else deps.onAccepted(client, identity)
          done(refused && loginError(refused), refused === null)
        })
        .catch((error: unknown) => deps.logger.error({ err: error }, 'a login failed'))
    },
  }
}

function loginError(refusal: ConnectRefusal): AuthenticateError {
  const error: unknown = Object.assign(new Error(refusal), { returnCode: returnCodes[refusal] })
  return error as AuthenticateError
}
