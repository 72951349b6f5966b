import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
  mkdtempSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { beginSwap, finishSwap, swapFiles } from './swap-files.ts'

let path: string
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'larder-swap-'))
  mkdirSync(join(path, 'models'))
  writeFileSync(join(path, 'models', 'a'), 'old')
  writeFileSync(join(path, 'log.db'), 'old')
  writeFileSync(join(path, 'log.db-wal'), 'old')
})
afterEach(() => rmSync(path, { recursive: true }))

const swap = { out: ['models', 'log.db', 'log.db-wal'], in: ['models', 'log.db'], replaced: 'r' }
const read = (name: string): string | null =>
  existsSync(join(path, name)) ? readFileSync(join(path, name), 'utf8') : null

function wait(): void {
  const { folder } = beginSwap(path)
  mkdirSync(join(folder, 'models'))
  writeFileSync(join(folder, 'models', 'a'), 'new')
  writeFileSync(join(folder, 'log.db'), 'new')
}

function expectNew(): void {
  expect([read('models/a'), read('log.db'), read('log.db-wal')]).toEqual(['new', 'new', null])
  expect([read('r/models/a'), read('r/log.db'), read('r/log.db-wal')]).toEqual(['old', 'old', 'old']) // prettier-ignore
  expect([read('restoring.json'), existsSync(join(path, 'restoring'))]).toEqual([null, false])
}

it('puts the new files in place and keeps the old ones beside them', () => {
  wait()
  swapFiles(path, swap)
  expectNew()
})

it('undecided, it leaves the old files whole', () => {
  wait()
  finishSwap(path)
  expect([read('models/a'), read('log.db'), read('log.db-wal')]).toEqual(['old', 'old', 'old'])
})

it.each([0, 1, 2, 3, 4, 5])(
  'killed after %i moves, it is finished when the folder is next opened',
  (moves) => {
    wait()
    writeFileSync(join(path, 'restoring.json'), JSON.stringify(swap))
    mkdirSync(join(path, 'r'))
    const steps = [
      ...swap.out.map((name) => [name, `r/${name}`] as const),
      ...swap.in.map((name) => [`restoring/${name}`, name] as const),
    ]
    for (const [from, to] of steps.slice(0, moves)) renameSync(join(path, from), join(path, to))
    finishSwap(path)
    expectNew()
  },
)
