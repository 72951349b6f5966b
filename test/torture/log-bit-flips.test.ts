import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openSqliteMessageLog, type MessageLog } from '../../message-log/index.ts'
import { createRandom, wallClock } from '../../runtime/index.ts'
import { faultMessage, idOf } from '../support/fault-messages.ts'
import { scaled, seed } from '../support/torture.ts'

const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'larder-flips-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const messages = 200
const segmentBytes = 64 * 1024

function open(file: string): MessageLog {
  return openSqliteMessageLog({ file, wall: wallClock, notice: () => undefined })
}

/** A log of about 64 KB as it lies on the disk. */
async function makeLog(): Promise<{ readonly log: Buffer; readonly mark: Buffer }> {
  const file = join(folder, 'whole.db')
  for (const name of ['', '.mark']) rmSync(file + name, { force: true })
  const log = open(file)
  for (let id = 1; id <= messages; id += 4)
    await log.append([id, id + 1, id + 2, id + 3].map(faultMessage))
  await log.close()
  return { log: readFileSync(file), mark: readFileSync(`${file}.mark`) }
}

interface Outcome {
  readonly lost: number
  readonly faults: readonly string[]
}

/** Reads a log that somebody damaged: what comes is right and in its place, and what does not come is counted. */
async function readDamaged(bytes: Buffer, mark: Buffer): Promise<Outcome> {
  try {
    return await readIfOpen(bytes, mark)
  } catch (error) {
    return { lost: 0, faults: [String(error)] }
  }
}

async function readIfOpen(bytes: Buffer, mark: Buffer): Promise<Outcome> {
  const file = join(folder, 'damaged.db')
  for (const name of readdirSync(folder))
    if (name.startsWith('damaged.db')) rmSync(join(folder, name), { force: true })
  writeFileSync(file, bytes)
  writeFileSync(`${file}.mark`, mark)
  const faults: string[] = []
  const log = open(file)
  const abort = new AbortController()
  let read = 0
  let lost = 0
  for await (const batch of log.consume('check', { signal: abort.signal })) {
    for (const message of batch.messages) {
      read++
      const id = idOf(message)
      if (id !== message.position) faults.push(`position ${message.position} holds ${id}`)
    }
    for (const { from, to } of batch.holes) lost += to - from + 1
    if (batch.position >= messages) abort.abort()
  }
  if (read + lost !== messages) faults.push(`${read} read and ${lost} lost of ${messages}`)
  const [next] = await log.append([faultMessage(0)])
  if (next !== messages + 1) faults.push(`the next message got position ${next}`)
  await log.close()
  return { lost, faults }
}

test(`every flipped bit of a log costs at most messages that are named, and none comes back wrong (seed ${seed})`, async () => {
  const { log, mark } = await makeLog()
  expect(log.length).toBeGreaterThan(segmentBytes)
  const random = createRandom(seed)
  const bits = scaled(2000, log.length * 8)
  const faulty: string[] = []
  const lostBy: number[] = []
  for (let flip = 0; flip < bits; flip++) {
    const bit = bits === log.length * 8 ? flip : Math.floor(random.next() * log.length * 8)
    const damaged = Buffer.from(log)
    damaged[bit >> 3]! ^= 1 << (bit & 7)
    const { lost, faults } = await readDamaged(damaged, mark)
    for (const words of faults) faulty.push(`bit ${bit}: ${words}`)
    lostBy.push(lost)
  }
  const one = lostBy.filter((lost) => lost === 1).length
  const none = lostBy.filter((lost) => lost === 0).length
  console.log(
    `${bits} flips: ${none} cost nothing, ${one} one message, ${bits - none - one} more, ${lostBy.filter((lost) => lost === messages).length} all`,
  )
  expect(faulty.slice(0, 10)).toEqual([])
  // Most of the file is messages, and a bit of a message costs that one.
  expect(one).toBeGreaterThan(bits / 2)
})

test('a log cut short at any byte opens and names what is gone', async () => {
  const { log, mark } = await makeLog()
  const every = scaled(200, 1)
  const faulty: string[] = []
  for (let size = 0; size < log.length; size += every) {
    const { faults } = await readDamaged(log.subarray(0, size), mark)
    for (const words of faults) faulty.push(`cut at ${size}: ${words}`)
  }
  expect(faulty.slice(0, 10)).toEqual([])
})
