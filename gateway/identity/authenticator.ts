import {
  isPasswordHash,
  verifySecret,
  type Credential,
  type DeviceRegistry,
} from '../../domain/index.ts'
import { parseClientId, type Identity } from './access.ts'
import { createPasswordCheck } from './password-check.ts'

export type LoginRefusal =
  | 'no-credentials'
  | 'unknown-user'
  | 'wrong-secret'
  | 'revoked'
  | 'wrong-client-id'
  | 'certificate-wrong-name'
  | 'too-many-logins'

export type Login =
  | { readonly identity: Identity; readonly refused: null }
  | { readonly identity: null; readonly refused: LoginRefusal }

export interface Authenticator {
  logIn(login: {
    readonly clientId: string
    readonly username: string | undefined
    readonly password: Buffer | undefined
    /** Of a trusted certificate; null where the connection has none. */
    readonly certificate: readonly string[] | null
    readonly address: string
  }): Promise<Login>
  /** The identity of a login of before with the rules of today; null where it would no longer be let in. */
  readAgain(identity: Identity): Promise<Identity | null>
  stop(): void
}

/** Credentials remembered at the same time; a storm of reconnects then asks the store for none of them twice. */
const maxRemembered = 20_000

/** So that an unknown username takes as long as a wrong secret. */
const nobody = { salt: '', hash: '0'.repeat(64) }

const refused = (reason: LoginRefusal): Login => ({ identity: null, refused: reason })

/** Checks who logs in. Known credentials are remembered until the registry says that they changed. */
export function createAuthenticator(registry: DeviceRegistry): Authenticator {
  const remembered = new Map<string, Credential>()
  /** Rises with each change, so that an answer asked for before it is not remembered. */
  let changes = 0

  const unsubscribe = registry.subscribe((change) => {
    if (change.what !== 'credential') return
    changes++
    remembered.delete(change.username)
  })
  const passwords = createPasswordCheck()

  const find = async (username: string): Promise<Credential | null> => {
    const known = remembered.get(username)
    if (known) return known
    const changesBefore = changes
    const found = await registry.credential(username)
    if (found && changes === changesBefore) {
      if (remembered.size >= maxRemembered) remembered.delete(remembered.keys().next().value!)
      remembered.set(username, found)
    }
    return found
  }

  const pathOf = async (
    credential: Credential,
    clientId: string,
  ): Promise<Identity['path'] | 'wrong-client-id'> => {
    const { kind, site, device } = credential
    const claimed = parseClientId(clientId)
    if (device === null && (kind === 'operator' || kind === 'bridge')) {
      // A device's own client id stays free for the device.
      const isTaken = claimed && (await find(`${claimed.site}/${claimed.device}`))
      return isTaken ? 'wrong-client-id' : null
    }
    if (claimed?.site !== site) return 'wrong-client-id'
    if (device !== null) return claimed.device === device ? claimed : 'wrong-client-id'
    // A join credential speaks for devices that have none of their own yet.
    const isRegistered = (await find(`${claimed.site}/${claimed.device}`)) !== null
    return isRegistered ? 'wrong-client-id' : claimed
  }

  const verify = (
    credential: Credential | null,
    password: string,
    address: string,
  ): boolean | Promise<boolean | 'busy'> =>
    credential && isPasswordHash(credential.hash)
      ? passwords.check(credential, password, address)
      : verifySecret(password, credential ?? nobody)

  return {
    async logIn({ clientId, username: given, password, certificate, address }) {
      if (certificate && !certificate.includes(clientId)) return refused('certificate-wrong-name')
      const own = certificate && parseClientId(clientId)
      // A certificate stands for the password of its own device, and of nobody else.
      const ownName = own && `${own.site}/${own.device}`
      const username = given ?? ownName
      if (username === null) return refused('no-credentials')
      if (password === undefined && username !== ownName) return refused('no-credentials')
      const credential = await find(username)
      if (password !== undefined) {
        const isRight = await verify(credential, password.toString('utf8'), address)
        if (isRight === 'busy') return refused('too-many-logins')
        if (credential && !isRight) return refused('wrong-secret')
      }
      if (!credential) return refused('unknown-user')
      if (credential.revoked) return refused('revoked')
      const path = await pathOf(credential, clientId)
      if (path === 'wrong-client-id') return refused(path)
      return { identity: toIdentity(credential, path), refused: null }
    },
    async readAgain({ username, kind, site, path }) {
      const credential = await registry.credential(username)
      if (!credential || credential.revoked) return null
      const isSame = credential.kind === kind && credential.site === site
      return isSame && (credential.device === null || credential.device === path?.device)
        ? toIdentity(credential, path)
        : null
    },
    stop: unsubscribe,
  }
}

function toIdentity(credential: Credential, path: Identity['path']): Identity {
  const { username, kind, site, publish, subscribe, mappings } = credential
  return { username, kind, site, path, publish, subscribe, mappings }
}
