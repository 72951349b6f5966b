import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { LarderError } from '../../domain/index.ts'
import {
  connectMessageLog,
  startMessageLogWorker,
  type MessageLog,
} from '../../message-log/index.ts'
import {
  describeMessageLog,
  describePruning,
  messages,
  readMessages,
  textOf,
} from '../../message-log/message-log.contract.ts'
import { createManualClock, silentLogger } from '../../runtime/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'larder-log-worker-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let files = 0
const start = (file = join(folder, `${++files}.db`)) =>
  startMessageLogWorker({
    file,
    settings: { keepDays: 7, keepMegabytes: 100 },
    clock: createManualClock(1_000_000),
    logger: silentLogger,
    onDeath: (error) => expect.unreachable(error.message),
  })

const openWorker = async (): Promise<MessageLog> => {
  const worker = await start()
  return { ...worker.log, close: () => worker.stop() }
}
describeMessageLog('the log in a worker', openWorker)
describePruning('the log in a worker', openWorker)

describe('the log in a worker', () => {
  it('serves several connections: one writes, another reads, both on the same messages', async () => {
    const worker = await start()
    const reader = connectMessageLog(worker.connect())
    const reading = readMessages(reader, 10_000)
    for (let from = 1; from <= 10_000; from += 500)
      await worker.log.append(messages(from, from + 499))
    const read = (await reading).flatMap((batch) => batch.messages)
    expect(read.map(textOf)).toEqual(messages(1, 10_000).map(textOf))
    await worker.stop()
  })

  it('keeps what it answered through a stop, and refuses what comes later', async () => {
    const file = join(folder, 'stopped.db')
    const first = await start(file)
    await first.log.append(messages(1, 10))
    await first.stop()
    await expect(first.log.append(messages(11, 11))).rejects.toThrow()
    const second = await start(file)
    expect((await second.log.stats()).messages).toBe(10)
    await second.stop()
  })

  it('says in a sentence why it cannot start', async () => {
    writeFileSync(join(folder, 'file'), '')
    await expect(start(join(folder, 'file', 'log.db'))).rejects.toThrow(LarderError)
  })
})
