import { rmSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RawMessage } from '../../domain/index.ts'
import { createKafkaMessageLog, type MessageLog } from '../../message-log/index.ts'
import { createRandom, silentLogger } from '../../runtime/index.ts'
import { startKafka, type KafkaServers } from '../../scripts/servers/kafka.ts'
import { scaled } from '../support/torture.ts'

const faults = scaled(2, 120)
const sites = 6
const folder = mkdtempSync(join(tmpdir(), 'larder-kafka-faults-'))
const random = createRandom(5)
let kafka: KafkaServers

beforeAll(async () => {
  kafka = await startKafka(folder)
}, 120_000)
afterAll(async () => {
  await kafka.stop()
  rmSync(folder, { recursive: true, force: true })
})

const open = (): Promise<MessageLog> =>
  createKafkaMessageLog({
    ...{ brokers: kafka.brokers, topic: 'faults', partitions: 4, keepDays: 7 },
    ...{ keepMegabytes: 1000, random, logger: silentLogger },
    ...{ sessionTimeoutMs: 3000, stallMs: 15_000 },
  })
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function until(isSo: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !isSo();) {
    if (Date.now() > end) expect.unreachable('not within a minute')
    await sleep(50)
  }
}

/** A member of the group that keeps what it applied where the next owner finds it, refused where it is not the owner any more. */
function startMember(log: MessageLog, reached: Map<number, number>, read: string[]) {
  const abort = new AbortController()
  const ended = (async () => {
    const from = new Map<number, number | null>()
    const reading = log.consume('all', {
      after(partition) {
        from.set(partition, reached.get(partition) ?? null)
        return reached.get(partition) ?? null
      },
      onLost: (partition) => void from.delete(partition),
      maxMessages: 50,
      signal: abort.signal,
    })
    for await (const { partition, position, messages } of reading) {
      await sleep(random.next() * 3)
      if (!from.has(partition) || from.get(partition) !== (reached.get(partition) ?? null)) continue
      reached.set(partition, position)
      from.set(partition, position)
      read.push(
        ...messages.map(({ topic, payload }) => `${topic} ${Buffer.from(payload).toString()}`),
      )
    }
  })()
  return async (): Promise<void> => {
    abort.abort()
    await ended
  }
}

test('what the log on Kafka acknowledged is read once and in order, through brokers that hang or are killed and members that come and go', async () => {
  const [writing, one, other] = await Promise.all([open(), open(), open()])
  const reached = new Map<number, number>()
  const read: string[] = []
  const acknowledged: string[] = []
  let number = 0
  let isOver = false
  const publish = async (site: number): Promise<void> => {
    while (!isOver) {
      const batch = Array.from({ length: 1 + Math.floor(random.next() * 20) }, (): RawMessage => ({
        topic: `v1/s${site}/d1/telemetry`,
        payload: Buffer.from(`${number++}`),
        ...{ receivedAt: number, qos: 1, retain: false, clientId: null },
      }))
      await writing.append(batch)
      acknowledged.push(...batch.map(({ topic, payload }) => `${topic} ${payload.toString()}`))
      await sleep(5)
    }
  }
  const stopOne = startMember(one, reached, read)
  const publishers = Array.from({ length: sites }, (_, site) => publish(site))
  for (let fault = 0; fault < faults; fault++) {
    const before = acknowledged.length
    await sleep(500 + random.next() * 1000)
    const stopOther = startMember(other, reached, read)
    await sleep(random.next() * 1500)
    if (fault % 2 === 0) {
      await kafka.kill()
      await kafka.up()
    } else {
      kafka.pause()
      await sleep(500 + random.next() * 5000)
      kafka.resume()
    }
    await stopOther()
    await until(() => acknowledged.length > before)
  }
  isOver = true
  await Promise.all(publishers)
  await until(() => read.length >= acknowledged.length)
  await stopOne()
  await Promise.all([writing, one, other].map((log) => log.close()))
  expect(new Set(read).size).toBe(read.length)
  for (let site = 0; site < sites; site++) {
    const of = (all: readonly string[]) => all.filter((text) => text.startsWith(`v1/s${site}/`))
    expect(of(read)).toEqual(of(acknowledged))
  }
})
