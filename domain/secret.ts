import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

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
