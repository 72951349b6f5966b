import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRandom, silentLogger } from '../../runtime/index.ts'
import { startKafka, type KafkaServers } from '../../scripts/servers/kafka.ts'
import { createTestCa, type TestCa } from '../../test/support/test-ca.ts'
import { messages, textOf } from '../message-log.contract.ts'
import type { MessageLog } from '../message-log.ts'
import { createKafkaMessageLog } from './create-kafka-message-log.ts'
import { checkLibrary, type KafkaAccess, type SaslMechanism } from './kafka-access.ts'
import { loadKafka } from './native-kafka.ts'
import { readTopicMetadata } from './topic-metadata.ts'

const folder = mkdtempSync(join(tmpdir(), 'larder-kafka-access-'))
const user = { username: 'larder', password: 'se cret-1' }
let kafka: KafkaServers
let ca: TestCa

beforeAll(async () => {
  ca = createTestCa(join(folder, 'ca'))
  const { cert, key } = ca.issue('broker', { alternatives: 'IP:127.0.0.1' })
  execFileSync('openssl', ['pkcs8', '-topk8', '-nocrypt', '-in', key, '-out', `${key}.pk8`])
  kafka = await startKafka(folder, { tls: { ...user, ca: ca.file, cert, key: `${key}.pk8` } })
}, 120_000)
afterAll(async () => {
  await kafka.stop()
  rmSync(folder, { recursive: true, force: true })
})

function open(brokers: string, access: KafkaAccess, topic: string): Promise<MessageLog> {
  return createKafkaMessageLog({
    ...{ brokers, access, topic, partitions: 1, keepDays: 7, keepMegabytes: 100 },
    ...{ random: createRandom(1), logger: silentLogger, sessionTimeoutMs: 3000 },
  })
}

async function writesAndReads(log: MessageLog): Promise<void> {
  const said = messages(1, 3)
  await log.append(said)
  const abort = new AbortController()
  const found: string[] = []
  for await (const batch of log.consume('readers', { signal: abort.signal })) {
    found.push(...batch.messages.map(textOf))
    if (found.length >= said.length) abort.abort()
  }
  expect(found).toEqual(said.map(textOf))
  expect((await log.stats()).messages).toBe(3)
}

const login = (mechanism: SaslMechanism, password = user.password): KafkaAccess => ({
  tls: { ca: ca.file, cert: '', key: '' },
  login: { mechanism, username: user.username, password },
})

const mechanisms: readonly SaslMechanism[] = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']
const { librdkafkaVersion } = loadKafka()

function isTaken(access: KafkaAccess): boolean {
  try {
    checkLibrary(librdkafkaVersion, access)
    return true
  } catch {
    return false
  }
}

describe('brokers that ask who comes', () => {
  it.each(mechanisms)('tell of their topics by TLS and %s', async (mechanism) => {
    const broker = kafka.guarded!.byLogin
    const found = await readTopicMetadata(broker, 'absent', login(mechanism), 10_000)
    expect(found).toEqual({ id: '', partitions: 0, brokers: 1 })
  })

  it.each(mechanisms)('let in by TLS and %s, or the library is named', async (mechanism) => {
    const opening = open(kafka.guarded!.byLogin, login(mechanism), mechanism.toLowerCase())
    if (!isTaken(login(mechanism))) {
      await expect(opening).rejects.toThrow(/setup:kafka -- --bundled/)
      return
    }
    const log = await opening
    await writesAndReads(log)
    await log.close()
  })

  it('let in by a certificate of its own', async () => {
    const { cert, key } = ca.issue('larder')
    const access = { tls: { ca: ca.file, cert, key }, login: null }
    const log = await open(kafka.guarded!.byCertificate, access, 'certificate')
    await writesAndReads(log)
    await log.close()
  })

  it('refuse a wrong password, and the sentence names the settings', async () => {
    const opening = open(kafka.guarded!.byLogin, login('PLAIN', 'wrong'), 'refused')
    await expect(opening).rejects.toThrow(/messageLog\.username/)
    await expect(opening).rejects.not.toThrow(/wrong/)
  })

  it('are refused themselves where another authority signed for them', async () => {
    const other = createTestCa(join(folder, 'other'), 'Another CA')
    const access = { ...login('PLAIN'), tls: { ca: other.file, cert: '', key: '' } }
    const opening = open(kafka.guarded!.byLogin, access, 'stranger')
    await expect(opening).rejects.toThrow(/messageLog\.ca/)
  })

  it('do not answer who comes without a word', async () => {
    const opening = open(kafka.guarded!.byLogin, { tls: null, login: null }, 'silent')
    await expect(opening).rejects.toThrow(/messageLog\.tls/)
  })
})
