import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tryOut } from './out-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'larder-out-'))

test('a file that can be written is left as it was', async () => {
  const there = join(folder, 'there.json')
  writeFileSync(there, '{}')
  await tryOut(there)
  expect(readFileSync(there, 'utf8')).toBe('{}')
  const absent = join(folder, 'absent.json')
  await tryOut(absent)
  expect(existsSync(absent)).toBe(false)
})

test('a folder, and a file in a folder that is not there, are refused', async () => {
  await expect(tryOut(folder)).rejects.toMatchObject({ code: 'EISDIR' })
  await expect(tryOut(join(folder, 'no', 'x.json'))).rejects.toMatchObject({ code: 'ENOENT' })
})
