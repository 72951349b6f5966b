import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, describe, expect, it } from 'vitest'
import { createManualClock, createRandom } from '../runtime/index.ts'
import { describeEmbeddedMessageLog } from './embedded-message-log.contract.ts'
import {
  describeMessageLog,
  describePruning,
  message,
  messages,
  readMessages,
  textOf,
} from './message-log.contract.ts'
import { openSqliteMessageLog } from './sqlite-message-log.ts'

const folder = mkdtempSync(join(tmpdir(), 'larder-log-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let files = 0
const newFile = (): string => join(folder, `${++files}.db`)
const wall = createManualClock(1_700_000_000_000)

function open(file: string, connect?: (file: string) => Database.Database) {
  const notices: string[] = []
  const notice = (words: string): void => void notices.push(words)
  const log = openSqliteMessageLog({ file, wall, notice, ...(connect ? { connect } : {}) })
  return { log, notices }
}

describeMessageLog('the SQLite log', () => Promise.resolve(open(newFile()).log))
describePruning('the SQLite log', () => Promise.resolve(open(newFile()).log))
describeEmbeddedMessageLog('the SQLite log', () => Promise.resolve(open(newFile()).log))

describe('the SQLite log', () => {
  it('goes on where it was after a restart', async () => {
    const file = newFile()
    const before = open(file)
    await before.log.append(messages(1, 20))
    await before.log.close()
    const { log, notices } = open(file)
    expect(await log.append(messages(21, 25))).toEqual([21, 22, 23, 24, 25])
    const read = (await readMessages(log, 25)).flatMap((batch) => batch.messages)
    expect(read.map(textOf)).toEqual(messages(1, 25).map(textOf))
    expect(notices).toEqual([])
    await log.close()
  })

  it('acknowledges nothing while the disk is full, and goes on by itself when there is space', async () => {
    let connection: Database.Database | undefined
    const { log } = open(newFile(), (file) => (connection = new Database(file)))
    await log.append(messages(1, 10))
    const pages = connection!.pragma('page_count', { simple: true }) as number
    connection!.pragma(`max_page_count = ${pages + 2}`)
    const large = { ...message(11), payload: Buffer.alloc(50_000) }
    const results = await Promise.allSettled([log.append([large]), log.append([large])])
    for (const result of results)
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'RT_DISK_FULL' } })
    connection!.pragma('max_page_count = 1000000')
    expect(await log.append(messages(11, 12))).toEqual([11, 12])
    const read = (await readMessages(log, 12)).flatMap((batch) => batch.messages)
    expect(read.map(textOf)).toEqual(messages(1, 12).map(textOf))
    await log.close()
  })

  it('notices that its newest messages are gone, names them and never gives their positions again', async () => {
    const file = newFile()
    const before = open(file)
    await before.log.append(messages(1, 10))
    await before.log.close()
    const copy = readFileSync(file)
    const later = open(file)
    await later.log.append(messages(11, 14))
    await later.log.close()
    writeFileSync(file, copy)

    const { log, notices } = open(file)
    expect(notices.join()).toMatch(/newest 4 messages .* lost/)
    const [kept, lost] = await readMessages(log, 14)
    expect(kept?.messages).toHaveLength(10)
    expect([kept, lost].flatMap((batch) => batch?.holes ?? [])).toMatchObject([
      { from: 11, to: 14 },
    ])
    expect(await log.append(messages(15, 15))).toEqual([15])
    expect((await log.stats()).messages).toBe(11)
    await log.close()
  })

  it.each([
    ['noise', Buffer.from(Array.from({ length: 9000 }, (_, i) => (i * 7919) & 255))],
    ['a file cut short', null],
  ])('sets %s aside, says so and starts', async (_, bytes) => {
    const file = newFile()
    const before = open(file)
    await before.log.append(messages(1, 500))
    await before.log.close()
    writeFileSync(file, bytes ?? readFileSync(file).subarray(0, 5000))
    const { log, notices } = open(file)
    expect(notices.join()).toMatch(/moved to .*damaged-\d{8}T\d{6}Z/)
    expect(
      readdirSync(folder).some((name) => file.endsWith(name.replace(/\.damaged-.*/, ''))),
    ).toBe(true)
    expect(await log.append(messages(501, 501))).toEqual([501])
    const batches = await readMessages(log, 501)
    expect(batches.flatMap(({ holes }) => holes)).toMatchObject([{ from: 1, to: 500 }])
    expect(batches.flatMap((batch) => batch.messages).map(textOf)).toEqual([textOf(message(501))])
    await log.close()
  })

  it('starts above every earlier position where the mark is lost with the log', async () => {
    const file = newFile()
    const before = open(file)
    await before.log.append(messages(1, 10))
    await before.log.close()
    writeFileSync(file, 'not a database, but long enough to be looked at')
    writeFileSync(`${file}.mark`, 'nor a mark')
    const { log } = open(file)
    const [position] = await log.append(messages(11, 11))
    expect(position).toBe(wall.now() * 1000 + 1)
    expect((await log.stats()).messages).toBe(1)
    await log.close()
  })

  it('starts from an empty file', async () => {
    const file = newFile()
    writeFileSync(file, '')
    const { log } = open(file)
    expect(await log.append(messages(1, 1))).toEqual([1])
    await log.close()
  })

  it('leaves a log of a newer version alone', async () => {
    const file = newFile()
    await open(file).log.close()
    const newer = new Database(file)
    newer.exec('CREATE TABLE of_the_future (id INTEGER) STRICT')
    newer.pragma('user_version = 99')
    newer.close()
    expect(() => open(file)).toThrow(expect.objectContaining({ code: 'RT_FILE_UNREADABLE' }))
    expect(readdirSync(folder).filter((name) => name.startsWith(`${files}.db.damaged`))).toEqual([])
  })

  it('never returns a damaged message as good: every flipped bit costs messages that are named', async () => {
    const file = newFile()
    const good = open(file)
    for (let from = 1; from <= 400; from += 20) await good.log.append(messages(from, from + 19))
    await good.log.close()
    const bytes = readFileSync(file)
    const mark = readFileSync(`${file}.mark`)
    const expected = messages(1, 400).map(textOf)
    const random = createRandom(20261122)
    let damagedReads = 0
    for (let round = 0; round < 60; round++) {
      const flipped = Buffer.from(bytes)
      const bit = Math.floor(random.next() * bytes.length * 8)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      const copy = newFile()
      writeFileSync(copy, flipped)
      writeFileSync(`${copy}.mark`, mark)
      const { log } = open(copy)
      const batches = await readMessages(log, 400)
      const read = batches.flatMap((batch) => batch.messages)
      const holes = batches.flatMap((batch) => batch.holes)
      for (const one of read) expect(textOf(one), `bit ${bit}`).toBe(expected[one.position - 1])
      const lost = holes.reduce((sum, { from, to }) => sum + to - from + 1, 0)
      expect(read.length + lost, `bit ${bit}`).toBe(400)
      if (lost > 0) damagedReads++
      expect(await log.append(messages(401, 401)), `bit ${bit}`).toEqual([401])
      await log.close()
    }
    expect(damagedReads).toBeGreaterThan(15)
  })
})
