import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { errorWords } from './error-words.ts'

function thrownBy(work: () => void): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  return null
}

test('a file that cannot be written is named with the reason and what to do', () => {
  const missing = join(tmpdir(), 'no-such-folder', 'report.json')
  expect(errorWords(thrownBy(() => writeFileSync(missing, '')))).toBe(
    `${missing} cannot be used: there is no such file or folder. Mend that, or name another.`,
  )
  expect(errorWords(thrownBy(() => writeFileSync(tmpdir(), '')))).toContain('it is a folder')
})

test('other errors say their own words', () => {
  expect(errorWords(new Error('No Larder answers.'))).toBe('No Larder answers.')
})
