import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RawMessage } from '../domain/index.ts'
import { createKafkaMessageLog } from '../message-log/index.ts'
import { createRandom, silentLogger } from '../runtime/index.ts'
import { startKafka } from '../scripts/servers/kafka.ts'
import { describeMachine } from './support/machine.ts'

/**
 * Appends to a log on Kafka and reads it back, in one process, against one broker started for it:
 *   npm run bench:kafka [-- MESSAGES]       (default 100,000)
 * 150 bytes each, 500 per append and four appends on their way, as the gateway does; the CPU is this process's own.
 */
const count = Number(process.argv[2] ?? 100_000)
const perAppend = 500
const onTheirWay = 4
const payload = Buffer.alloc(150, 'x')

const folder = mkdtempSync(join(tmpdir(), 'larder-bench-'))
const kafka = await startKafka(folder)

async function measure(what: string, work: () => Promise<unknown>) {
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  await work()
  const seconds = (performance.now() - startedAt) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return {
    what,
    'messages/s': Math.round(count / seconds),
    'CPU-s per 100 k': Number(((((user + system) / 1e6) * 100_000) / count).toFixed(2)),
  }
}

try {
  const log = await createKafkaMessageLog({
    ...{ brokers: kafka.brokers, topic: 'bench', partitions: 12, keepDays: 1, keepMegabytes: 1000 },
    ...{ random: createRandom(1), logger: silentLogger },
  })
  let sent = 0
  const appendAll = async (): Promise<void> => {
    while (sent < count) {
      const size = Math.min(perAppend, count - sent)
      const messages = Array.from({ length: size }, (): RawMessage => {
        const site = `s${sent++ % 100}`
        return {
          ...{ topic: `v1/${site}/probe-1/telemetry`, payload, receivedAt: 1_790_000_000_000 },
          ...{ qos: 1, retain: false, clientId: `${site}.probe-1` },
        }
      })
      await log.append(messages)
    }
  }
  const rows = [
    await measure('append', () => Promise.all(Array.from({ length: onTheirWay }, appendAll))),
  ]
  let read = 0
  const done = new AbortController()
  const readAll = async (): Promise<void> => {
    const batches = log.consume('bench', { maxMessages: 2000, signal: done.signal })
    for await (const { messages } of batches) {
      read += messages.length
      if (read >= count) done.abort()
    }
  }
  rows.push(await measure('consume, with joining the group', readAll))
  console.log(describeMachine())
  console.table(rows)
  await log.close()
} finally {
  await kafka.stop()
  rmSync(folder, { recursive: true, force: true })
}
