import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Value from 'typebox/value'
import { afterAll, expect, test } from 'vitest'
import { Settings } from '../../config/index.ts'
import { kafkaAccess } from './kafka-access.ts'

const folder = mkdtempSync(join(tmpdir(), 'larder-kafka-access-'))
const passwordFile = join(folder, 'password')
writeFileSync(passwordFile, 'secret\n')
afterAll(() => rmSync(folder, { recursive: true }))

const { messageLog } = Value.Create(Settings)

test('by themselves the settings ask for neither encryption nor login', () => {
  expect(kafkaAccess(messageLog)).toEqual({ tls: null, login: null })
})

test('a certificate and a login are handed on, the password from its file', () => {
  const login = { username: 'larder', passwordFile }
  const files = { ca: '/ca.pem', cert: '/c.pem', key: '/k.pem' }
  expect(kafkaAccess({ ...messageLog, tls: true, ...files, ...login })).toEqual({
    tls: files,
    login: { mechanism: 'SCRAM-SHA-512', username: 'larder', password: 'secret' },
  })
})

test.each([
  [{ ca: '/ca.pem' }, /messageLog\.tls/],
  [{ tls: true, cert: '/c.pem' }, /messageLog\.key/],
  [{ passwordFile }, /messageLog\.username/],
  [{ username: 'larder' }, /messageLog\.passwordFile/],
  [{ username: 'larder', passwordFile, mechanism: 'PLAIN' }, /messageLog\.tls/],
  [{ username: 'larder', passwordFile: join(folder, 'absent') }, /absent of messageLog/],
] as const)('%j is not whole, and the setting that is missing is named', (asked, words) => {
  expect(() => kafkaAccess({ ...messageLog, ...asked })).toThrow(words)
})
