import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createSecret, hashSecret, verifySecret } from './secret.ts'

describe('secrets', () => {
  it('verifies the secret it made and no other', () => {
    const made = createSecret()
    expect(verifySecret(made.secret, made)).toBe(true)
    expect(verifySecret(`${made.secret}x`, made)).toBe(false)
    expect(verifySecret('', made)).toBe(false)
    expect(verifySecret(made.secret, createSecret())).toBe(false)
  })

  it('has 256 bits and a salt of its own each time', () => {
    const [one, other] = [createSecret(), createSecret()]
    expect(Buffer.from(one.secret, 'base64url')).toHaveLength(32)
    expect(one.secret).not.toBe(other.secret)
    expect(one.salt).not.toBe(other.salt)
  })

  it('hashes the bytes of the salt before those of the secret', () => {
    const expected = createHash('sha256').update(Buffer.from('00ffabc', 'utf8')).digest('hex')
    expect(hashSecret('0ffabc', Buffer.from('0').toString('hex'))).toBe(expected)
  })

  it('refuses a stored hash of another length without an error', () => {
    expect(verifySecret('x', { salt: '00', hash: '' })).toBe(false)
  })
})
