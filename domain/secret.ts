import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

/** What is shown once and what is stored. */
export interface CreatedSecret {
  readonly secret: string
  readonly salt: string
  readonly hash: string
}

/**
 * A new secret of 256 random bits. So long a secret needs no slow hash: there is nothing to guess,
 * and a slow one at every reconnect would be a denial of service of our own.
 */
export function createSecret(): CreatedSecret {
  const secret = randomBytes(32).toString('base64url')
  const salt = randomBytes(16).toString('hex')
  return { secret, salt, hash: hashSecret(secret, salt) }
}

/** SHA-256(salt || secret) as hex; the salt is hex too. */
export function hashSecret(secret: string, salt: string): string {
  return createHash('sha256').update(Buffer.from(salt, 'hex')).update(secret, 'utf8').digest('hex')
}

/** Takes as long for a wrong secret as for the right one. */
export function verifySecret(
  secret: string,
  stored: { readonly salt: string; readonly hash: string },
): boolean {
  const expected = Buffer.from(stored.hash, 'hex')
  const actual = Buffer.from(hashSecret(secret, stored.salt), 'hex')
  return expected.length === actual.length && timingSafeEqual(expected, actual)
}

const passwordMark = 'scrypt:'
/** scrypt (RFC 7914) with the parameters of OWASP's cheat sheet for password storage: 32 MiB and about 0.1 s a try. */
const scryptCost = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }
const scryptBytes = 32

/** What is stored of a password that a person chose, and that may be guessed. */
export async function hashPassword(
  password: string,
): Promise<{ readonly salt: string; readonly hash: string }> {
  const salt = randomBytes(16)
  return {
    salt: salt.toString('hex'),
    hash: passwordMark + (await derive(password, salt)).toString('hex'),
  }
}

/** Whether a stored hash is that of a password that a person chose. */
export function isPasswordHash(hash: string): boolean {
  return hash.startsWith(passwordMark)
}

export async function verifyPassword(
  password: string,
  stored: { readonly salt: string; readonly hash: string },
): Promise<boolean> {
  const expected = Buffer.from(stored.hash.slice(passwordMark.length), 'hex')
  const actual = await derive(password, Buffer.from(stored.salt, 'hex'))
  return expected.length === actual.length && timingSafeEqual(expected, actual)
}

function derive(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, scryptBytes, scryptCost, (error, key) => {
      if (error) reject(error)
      else resolve(key)
    })
  })
}
