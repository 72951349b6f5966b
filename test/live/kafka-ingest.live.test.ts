import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RawMessage } from '../../domain/index.ts'
import type { IngestCounts } from '../../ingest/index.ts'
import { createKafkaMessageLog, type MessageLog } from '../../message-log/index.ts'
import { createRandom, silentLogger } from '../../runtime/index.ts'
import { startKafka, type KafkaServers } from '../../scripts/servers/kafka.ts'
import { startPostgres, type PostgresServer } from '../../scripts/servers/postgres.ts'
import { createPostgresOperationsStore, type OperationsStore } from '../../store/index.ts'
import { compileProgram } from '../support/compile-program.ts'
import { temporaryFolder } from '../support/larder-process.ts'
import { connectRaw, packetType, publishFrame, textField } from '../support/raw-mqtt.ts'
import { startTestGateway } from '../support/start-test-gateway.ts'

const folder = temporaryFolder('kafka-ingest')
const sites = Array.from({ length: 12 }, (_, n) => `s${n}`)
const opening = 100_000
const start = Date.UTC(2026, 10, 2, 8)
let kafka: KafkaServers
let postgres: PostgresServer
let operations: OperationsStore
let log: MessageLog
let url: string
const children = new Set<ChildProcess>()

beforeAll(async () => {
  chmodSync(folder.path, 0o755)
  ;[kafka, postgres] = await Promise.all([startKafka(folder.path), startPostgres(folder.path)])
  url = await postgres.database('ingest')
  const random = createRandom(1)
  operations = await createPostgresOperationsStore({ url, random, logger: silentLogger })
  log = await createKafkaMessageLog({
    ...{ brokers: kafka.brokers, topic: 'shared', partitions: 6 },
    ...{ keepDays: 7, keepMegabytes: 100, random, logger: silentLogger },
  })
  await seed()
}, 150_000)
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await log.close()
  await operations.close()
  await postgres.stop()
  await kafka.stop()
  folder.remove()
})

async function seed(): Promise<void> {
  await operations.putMasterData(
    'sites',
    sites.map((id) => ({ id, name: id, kind: 'store', timeZone: 'Asia/Shanghai' })),
    start,
  )
  const product = { name: 'Milk', tempClass: 'chilled' as const, shortageCost: 5, overageCost: 1 }
  await operations.putMasterData(
    'products',
    [{ id: 'milk', gtin: '04006381333931', ...product }],
    start,
  )
  for (const site of sites) {
    const credential = {
      ...{ username: `${site}/till-1`, kind: 'device' as const, site, device: 'till-1' },
      ...{ salt: '', hash: '', revoked: false, publish: [], subscribe: [], mappings: [] },
    }
    await operations.registerDevice({ site, device: 'till-1', kind: 'till' }, credential, start)
    await operations.moveStock([
      {
        ...{ id: `opening.${site}`, site, product: 'milk', units: opening },
        ...{ reason: 'opening' as const, at: start, reference: 'opening', set: false },
      },
    ])
  }
}

let sent = 0
let bad = 0
/** A sale at each site; every tenth message cannot be read. */
async function send(count: number): Promise<void> {
  const messages: RawMessage[] = []
  for (let i = 0; i < count; i++) {
    const isBad = sent % 10 === 9
    const body = { seq: sent, boot: 'b', at: start, gtin: '04006381333931', values: { sold: 1 } }
    messages.push({
      topic: `v1/${sites[sent % sites.length]}/till-1/telemetry`,
      payload: Buffer.from(isBad ? `broken ${sent}` : JSON.stringify(body)),
      ...{ receivedAt: start + sent, qos: 1, retain: false, clientId: null },
    })
    sent++
    if (isBad) bad++
  }
  await log.append(messages)
}

interface Process {
  readonly child: ChildProcess
  messages(): number
}

async function startProcess(): Promise<Process> {
  const program = await compileProgram('kafka-ingest-process')
  const child = spawn(process.execPath, [program, kafka.brokers, 'shared', url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.add(child)
  child.on('exit', () => children.delete(child))
  let messages = 0
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('{"messages"')) messages = (JSON.parse(line) as IngestCounts).messages
  })
  await once(child.stdout, 'data')
  return { child, messages: () => messages }
}

async function sold(): Promise<number> {
  const all = await Promise.all(sites.map((site) => operations.get('stock', `${site}.milk`)))
  return all.reduce((sum, stock) => sum + opening - stock!.onHand, 0)
}

async function deadLetters(): Promise<number> {
  let count = 0
  let cursor: string | undefined
  do {
    const page = await operations.list('dead-letters', { limit: 500, cursor })
    count += page.items.length
    cursor = page.next ?? undefined
  } while (cursor !== undefined)
  return count
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; !(await isSo());) {
    if (Date.now() > end) expect.unreachable('not within a minute')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const isAllSold = async (): Promise<boolean> => (await sold()) >= sent - bad

test('processes of ingest share the log, take over from one that was killed, and lose and double nothing', async () => {
  const first = await startProcess()
  await send(600)
  await until(isAllSold)
  const second = await startProcess()
  await until(async () => {
    await send(60)
    return first.messages() > 0 && second.messages() > 0
  })
  const publishing = (async () => {
    for (let n = 0; n < 40; n++) {
      await send(60)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  })()
  await new Promise((resolve) => setTimeout(resolve, 700))
  first.child.kill('SIGKILL')
  await publishing
  await until(isAllSold)
  const third = await startProcess()
  const before = third.messages()
  await until(async () => {
    await send(60)
    return third.messages() > before
  })
  await until(isAllSold)
  await until(async () => (await deadLetters()) >= bad)
  expect([await sold(), await deadLetters()]).toEqual([sent - bad, bad])

  // A process that hangs longer than its session, and wakes with a batch of what others have by now.
  second.child.kill('SIGSTOP')
  await send(600)
  await until(isAllSold)
  second.child.kill('SIGCONT')
  await send(300)
  await until(isAllSold)
  await until(async () => (await deadLetters()) >= bad)
  expect([await sold(), await deadLetters()]).toEqual([sent - bad, bad])
  for (const { child } of [second, third]) {
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
  }
})

test('a gateway over brokers that hang acknowledges nothing, stops reading, is not ready, and goes on by itself', async () => {
  const random = createRandom(2)
  const options = {
    ...{ brokers: kafka.brokers, topic: 'gateway', partitions: 6 },
    ...{ keepDays: 7, keepMegabytes: 100, random, logger: silentLogger },
  }
  const own = await createKafkaMessageLog(options)
  const gateway = await startTestGateway(own, {}, { maxWaitingMegabytes: 1 })
  const payload = Buffer.alloc(20_000)
  const [devices, each] = [20, 10]
  let acknowledged = 0
  const sockets = await Promise.all(
    Array.from({ length: devices }, (_, n) =>
      connectRaw(gateway.gateway.port, gateway.registry.addDevice(`s${n}`, 'd1'), (type) => {
        if (type === packetType.puback) acknowledged++
      }),
    ),
  )
  const publish = (): void => {
    for (const [n, socket] of sockets.entries())
      for (let id = 1; id <= each; id++) {
        const what = id === each ? 'state' : 'telemetry'
        const frame = publishFrame(textField(`v1/s${n}/d1/${what}`), payload, {
          ...{ id, qos: 1, retain: id === each },
        })
        socket.write(frame)
      }
  }
  publish()
  await until(() => acknowledged === devices * each)
  kafka.pause()
  publish()
  await until(async () => !(await gateway.gateway.status()).ready)
  const taken = (await gateway.received()) - devices * each
  expect(acknowledged).toBe(devices * each)
  expect(taken).toBeLessThan(devices * each)
  kafka.resume()
  await until(() => acknowledged === 2 * devices * each)
  await until(async () => (await gateway.gateway.status()).ready)
  expect((await own.stats()).messages).toBe(2 * devices * each)
  for (const socket of sockets) socket.destroy()
  await gateway.stop()

  // What was retained is retained by the next gateway, whatever partition it is in.
  expect((await gateway.registry.retained()).messages.length).toBe(devices)
  await own.close()
})
