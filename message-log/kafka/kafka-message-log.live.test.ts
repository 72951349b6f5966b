import { rmSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createRandom, silentLogger } from '../../runtime/index.ts'
import { startKafka, type KafkaServers } from '../../scripts/servers/kafka.ts'
import type { RawMessage } from '../../domain/index.ts'
import { describeMessageLog, messages, textOf } from '../message-log.contract.ts'
import type { LogBatch, MessageLog } from '../message-log.ts'
import { createKafkaMessageLog } from './create-kafka-message-log.ts'
import { loadKafka } from './native-kafka.ts'

const folder = mkdtempSync(join(tmpdir(), 'larder-kafka-'))
let kafka: KafkaServers
let topics = 0

beforeAll(async () => {
  kafka = await startKafka(folder)
}, 120_000)
afterAll(async () => {
  await kafka.stop()
  rmSync(folder, { recursive: true, force: true })
})

function open(partitions: number, topic = `topic-${++topics}`): Promise<MessageLog> {
  return createKafkaMessageLog({
    ...{ brokers: kafka.brokers, topic, partitions, keepDays: 7, keepMegabytes: 100 },
    ...{
      random: createRandom(topics),
      logger: silentLogger,
      sessionTimeoutMs: 3000,
      stallMs: 8000,
    },
  })
}

describeMessageLog('the log on Kafka', () => open(1))

const fromSite = (site: number, number: number): RawMessage => ({
  topic: `v1/s${site}/d1/telemetry`,
  payload: Buffer.from(`${number}`),
  ...{ receivedAt: number, qos: 1, retain: false, clientId: `s${site}.d1` },
})

/** Reads until told to stop: what each partition gave, and which came and went. */
function startReader(log: MessageLog, group: string, reached = new Map<number, number>()) {
  const abort = new AbortController()
  const batches: LogBatch[] = []
  const held = new Set<number>()
  const ended = (async () => {
    const reading = log.consume(group, {
      after(partition) {
        held.add(partition)
        return reached.get(partition) ?? null
      },
      onLost: (partition) => held.delete(partition),
      maxMessages: 100,
      signal: abort.signal,
    })
    for await (const batch of reading) {
      batches.push(batch)
      reached.set(batch.partition, batch.position)
    }
  })()
  const read = (): readonly string[] =>
    batches.flatMap((batch) => batch.messages.map((one) => `${one.topic} ${textOf(one)}`))
  return {
    batches,
    held,
    read,
    stop() {
      abort.abort()
      return ended
    },
  }
}

async function until(isSo: () => boolean, withinMs = 40_000): Promise<void> {
  for (const end = Date.now() + withinMs; !isSo();) {
    if (Date.now() > end) expect.unreachable(`not within ${withinMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe('the log on Kafka', () => {
  const open_: MessageLog[] = []
  const openLog = async (...args: Parameters<typeof open>): Promise<MessageLog> => {
    const log = await open(...args)
    open_.push(log)
    return log
  }
  afterEach(async () => {
    await Promise.all(open_.splice(0).map((log) => log.close()))
  })

  it('has all of a site in one partition, in order, and gives each message its own place', async () => {
    const log = await openLog(4)
    const sent = Array.from({ length: 400 }, (_, number) => fromSite(number % 9, number))
    const positions = (
      await Promise.all([0, 100, 200, 300].map((from) => log.append(sent.slice(from, from + 100))))
    ).flat()
    const places = sent.map((message, i) => `${log.partitionOf(message)}.${positions[i]}`)
    expect(new Set(places).size).toBe(400)
    const reader = startReader(log, 'r')
    await until(() => reader.read().length === 400)
    await reader.stop()
    for (let site = 0; site < 9; site++) {
      const of = (texts: readonly string[]) => texts.filter((one) => one.startsWith(`v1/s${site}/`))
      expect(of(reader.read())).toEqual(of(sent.map((one) => `${one.topic} ${textOf(one)}`)))
    }
    const [partition = 0, position = 0] = places[17]!.split('.').map(Number)
    expect(textOf((await log.read(partition, position))!)).toBe('17')
    const { ends, messages: count } = await log.stats()
    expect([ends.size, count]).toEqual([4, 400])
  })

  it('names what is damaged or none of ours, and returns only what is whole', async () => {
    const topic = `topic-${++topics}`
    const log = await openLog(1, topic)
    await log.append(messages(1, 3))
    const [record] = await rawRecords(topic)
    const flipped = Buffer.from(record!)
    flipped[30]! ^= 1
    await produceRaw(topic, [flipped, Buffer.from('hello'), record!])
    const reader = startReader(log, 'r')
    await until(() => reader.batches.at(-1)?.position === 6)
    await reader.stop()
    expect(
      reader.batches.flatMap((batch) => batch.messages).map(({ position }) => position),
    ).toEqual([1, 2, 3, 6])
    expect(reader.batches.flatMap((batch) => batch.holes)).toMatchObject([{ from: 4, to: 5 }])
    expect(await log.read(0, 4)).toBeNull()
  })

  it('shares the partitions of a group out, and gives them back to who is left', async () => {
    const topic = `topic-${++topics}`
    const [one, other] = [await openLog(6, topic), await openLog(6, topic)]
    const reached = new Map<number, number>()
    const first = startReader(one, 'g', reached)
    await until(() => first.held.size === 6)
    let sent = 0
    const send = async (): Promise<void> => {
      await one.append(Array.from({ length: 50 }, () => fromSite(sent % 20, sent++)))
    }
    await send()
    const second = startReader(other, 'g', reached)
    await until(() => first.held.size === 3 && second.held.size === 3)
    await send()
    await until(() => first.read().length + second.read().length >= 100)
    await second.stop()
    await until(() => first.held.size === 6)
    await send()
    await until(() => first.read().length + second.read().length >= 150)
    await first.stop()
    const all = [...first.read(), ...second.read()]
    expect(new Set(all).size).toBe(150)
    expect(all.length).toBe(150)
    expect(second.read().length).toBeGreaterThan(0)
  })

  it('keeps every append that it acknowledged, once and in order, through a broker that hangs and one that is killed', async () => {
    const log = await openLog(3)
    const reader = startReader(log, 'r')
    const acknowledged: string[] = []
    let isOver = false
    let number = 0
    const publish = async (site: number): Promise<void> => {
      while (!isOver) {
        const batch = Array.from({ length: 5 }, () => fromSite(site, number++))
        await log.append(batch)
        acknowledged.push(...batch.map((one) => `${one.topic} ${textOf(one)}`))
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    }
    const publishers = [0, 1, 2, 3].map(publish)
    await until(() => acknowledged.length > 500)
    kafka.pause()
    await new Promise((resolve) => setTimeout(resolve, 1500))
    kafka.resume()
    const afterPause = acknowledged.length
    await until(() => acknowledged.length > afterPause + 200)
    await kafka.kill()
    const atKill = acknowledged.length
    await kafka.up()
    await until(() => acknowledged.length > atKill + 500)
    isOver = true
    await Promise.all(publishers)
    await until(() => reader.read().length >= acknowledged.length)
    await reader.stop()
    const read = reader.read()
    expect(new Set(read).size).toBe(read.length)
    for (let site = 0; site < 4; site++) {
      const of = (all: readonly string[]) => all.filter((one) => one.startsWith(`v1/s${site}/`))
      expect(of(read)).toEqual(of(acknowledged))
    }
  })
})

function rawRecords(topic: string): Promise<Buffer[]> {
  const { KafkaConsumer } = loadKafka()
  const client = new KafkaConsumer(
    { 'metadata.broker.list': kafka.brokers, 'group.id': 'raw', 'enable.auto.commit': false },
    {},
  )
  return new Promise((resolve, reject) =>
    client.connect({ timeout: 10_000 }, (error) => {
      if (error) reject(new Error(error.message))
      client.assign([{ topic, partition: 0, offset: 0 }])
      client.setDefaultConsumeTimeout(3000)
      client.consume(1, (_, read) => {
        resolve(read.map(({ value }) => value!))
        client.disconnect(() => undefined)
      })
    }),
  )
}

function produceRaw(topic: string, values: readonly Buffer[]): Promise<void> {
  const { Producer } = loadKafka()
  const client = new Producer({ 'metadata.broker.list': kafka.brokers }, {})
  return new Promise((resolve, reject) =>
    client.connect({ timeout: 10_000 }, (error) => {
      if (error) reject(new Error(error.message))
      for (const value of values) client.produce(topic, 0, value, '', null, 0)
      client.flush(10_000, () => {
        client.disconnect(1000, () => undefined)
        resolve()
      })
    }),
  )
}
