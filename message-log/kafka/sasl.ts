import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto'
import type { KafkaAccess } from './kafka-access.ts'

/** What a client says to log in. */
export interface SaslExchange {
  readonly first: Buffer
  /** The answer to the server; null: nothing more to say. Throws where the server does not know the password itself. */
  next(answer: Buffer): Buffer | null
}

type Login = NonNullable<KafkaAccess['login']>

/** PLAIN of RFC 4616, SCRAM of RFC 5802 and 7677. `nonce`: printable, without commas, never the same twice. */
export function createSaslExchange(
  login: Login,
  nonce = randomBytes(24).toString('base64'),
): SaslExchange {
  if (login.mechanism === 'PLAIN')
    return { first: Buffer.from(`\0${login.username}\0${login.password}`), next: () => null }
  return createScramExchange(
    login,
    login.mechanism === 'SCRAM-SHA-256' ? 'sha256' : 'sha512',
    nonce,
  )
}

/** The fewest rounds that RFC 7677 allows a server; and more than any asks for, since each costs time. */
const rounds = { fewest: 4096, most: 1_000_000 } as const

function createScramExchange(
  { username, password }: Login,
  hash: 'sha256' | 'sha512',
  nonce: string,
): SaslExchange {
  const hmac = (key: Buffer, text: string): Buffer => createHmac(hash, key).update(text).digest()
  const name = username.replaceAll('=', '=3D').replaceAll(',', '=2C')
  const firstBare = `n=${name},r=${nonce}`
  let signature: Buffer | null = null

  function prove(serverFirst: string): Buffer {
    const { r = '', s = '', i = '' } = fieldsOf(serverFirst)
    const count = Number(i)
    if (!r.startsWith(nonce) || r === nonce || s === '')
      throw new Error('the broker answered the login with nothing that belongs to it')
    if (!(count >= rounds.fewest && count <= rounds.most))
      throw new Error(`the broker asks for ${i} rounds of hashing`)
    const size = hash === 'sha256' ? 32 : 64
    const salted = pbkdf2Sync(password, Buffer.from(s, 'base64'), count, size, hash)
    const clientKey = hmac(salted, 'Client Key')
    const finalBare = `c=biws,r=${r}`
    const all = `${firstBare},${serverFirst},${finalBare}`
    const clientSignature = hmac(createHash(hash).update(clientKey).digest(), all)
    const proof = clientKey.map((byte, at) => byte ^ clientSignature[at]!)
    signature = hmac(hmac(salted, 'Server Key'), all)
    return Buffer.from(`${finalBare},p=${Buffer.from(proof).toString('base64')}`)
  }

  return {
    first: Buffer.from(`n,,${firstBare}`),
    next(answer) {
      if (signature === null) return prove(answer.toString())
      const shown = Buffer.from(fieldsOf(answer.toString()).v ?? '', 'base64')
      if (shown.length !== signature.length || !timingSafeEqual(shown, signature))
        throw new Error('the broker could not prove that it knows the password')
      return null
    },
  }
}

/** `a=1,b=2` */
const fieldsOf = (text: string): Readonly<Partial<Record<string, string>>> =>
  Object.fromEntries(text.split(',').map((field) => [field.slice(0, 1), field.slice(2)]))
