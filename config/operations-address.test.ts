import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { operationsAddress } from './operations-address.ts'

test('the password of the database comes out of its file, whatever letters it has', () => {
  const folder = mkdtempSync(join(tmpdir(), 'larder-address-'))
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, 'a/b:c@d%41\n')
  const address = operationsAddress({ url: 'postgres://larder@db:5432/larder', passwordFile })
  expect(decodeURIComponent(new URL(address).password)).toBe('a/b:c@d%41')
  expect(new URL(address).host).toBe('db:5432')
  rmSync(folder, { recursive: true })
})

test('a file that is not there is said by its name, and the address without it is not asked for a password', () => {
  const url = 'postgres://larder@db:5432/larder'
  expect(() => operationsAddress({ url, passwordFile: '/nowhere/password' })).toThrow(/\/nowhere/)
  expect(operationsAddress({ url, passwordFile: '' })).toBe(url)
  expect(operationsAddress({ url: '', passwordFile: '/nowhere/password' })).toBe('')
})
