import { rmSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { createRandom, silentLogger } from '../../runtime/index.ts'
import { startKafka, type KafkaServers } from '../../scripts/servers/kafka.ts'
import { describeMessageLog } from '../message-log.contract.ts'
import type { MessageLog } from '../message-log.ts'
import { createKafkaMessageLog } from './create-kafka-message-log.ts'

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
    ...{ random: createRandom(topics), logger: silentLogger },
  })
}

describeMessageLog('the log on Kafka', () => open(1))
