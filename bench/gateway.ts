/**
 * Messages a second that the gateway acknowledges, each durable, beside the same gateway whose append keeps nothing:
 * the ratio is the price of durability, and holds on any machine. 50 connections with 20 messages of 150 bytes in
 * flight each, publishers in a process of their own. `npm run bench:gateway [-- SECONDS]`.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  createMemoryMessageLog,
  startMessageLogWorker,
  type MessageLog,
} from '../message-log/index.ts'
import { silentLogger, wallClock } from '../runtime/index.ts'
import { startTestGateway } from '../test/support/start-test-gateway.ts'

const connections = 50
const inFlight = 20

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes])
}

function frame(first: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  const length = body.length < 128 ? [body.length] : [(body.length & 127) | 128, body.length >> 7]
  return Buffer.concat([Buffer.from([first, ...length]), body])
}

/** Raw sockets: a client library would be slower than the gateway. Every answer after CONNACK is a PUBACK of 4 bytes. */
async function publish(port: number, passwords: readonly string[], seconds: number): Promise<void> {
  let acknowledged = 0
  const payload = Buffer.from(
    JSON.stringify({
      seq: 1,
      boot: '9f2c51d07be34a18',
      at: 1,
      values: { units: 12, grams: 6120 },
    }).padEnd(150),
  )
  for (const [index, password] of passwords.entries()) {
    const name = `d${index}`
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const login = [text(`s1.${name}`), text(`s1/${name}`), text(password)]
    socket.write(frame(0x10, text('MQTT'), Buffer.from([4, 0xc2, 0, 0]), ...login))
    await once(socket, 'data')
    const topic = text(`v1/s1/${name}/telemetry`)
    let packetId = 0
    const send = (count: number): void => {
      const frames = Array.from({ length: count }, () => {
        packetId = (packetId % 65535) + 1
        return frame(0x32, topic, Buffer.from([packetId >> 8, packetId & 255]), payload)
      })
      socket.write(Buffer.concat(frames))
    }
    let bytes = 0
    socket.on('data', (chunk) => {
      bytes += chunk.length
      const answers = bytes >> 2
      bytes &= 3
      acknowledged += answers
      if (answers > 0) send(answers)
    })
    send(inFlight)
  }
  const before = acknowledged
  const startedAt = performance.now()
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  console.log(Math.round((acknowledged - before) / ((performance.now() - startedAt) / 1000)))
  process.exit(0)
}

interface Result {
  readonly perSecond: number
  readonly cpuSecondsPer100k: number
}

async function measure(log: MessageLog, seconds: number): Promise<Result> {
  let messages = 0
  const counted: MessageLog = {
    ...log,
    append(batch) {
      messages += batch.length
      return log.append(batch)
    },
  }
  const test = await startTestGateway(counted, {}, { batchWaitMs: 2 })
  const { gateway, registry } = test
  const passwords = Array.from(
    { length: connections },
    (_, index) => registry.addDevice('s1', `d${index}`).password,
  )
  const program = ['--import', 'tsx', fileURLToPath(import.meta.url)]
  const args = ['publish', String(gateway.port), String(seconds), ...passwords]
  const cpuBefore = process.cpuUsage()
  const publisher = spawn(process.execPath, [...program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [printed] = (await once(publisher.stdout, 'data')) as [Buffer]
  const cpu = process.cpuUsage(cpuBefore)
  const cpuSecondsPer100k = (cpu.user + cpu.system) / 1e6 / (messages / 1e5)
  await test.stop()
  return { perSecond: Number(printed), cpuSecondsPer100k: Number(cpuSecondsPer100k.toFixed(2)) }
}

async function measureDurable(seconds: number): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'larder-bench-'))
  const worker = await startMessageLogWorker({
    file: join(folder, 'log.db'),
    settings: { keepDays: 7, keepMegabytes: 10_000 },
    clock: wallClock,
    logger: silentLogger,
    onDeath: (error) => {
      throw error
    },
  })
  const result = await measure(worker.log, seconds)
  await worker.stop()
  rmSync(folder, { recursive: true, force: true })
  return result
}

function measureWithoutAppend(seconds: number): Promise<Result> {
  let end = 0
  return measure(
    {
      ...createMemoryMessageLog(),
      append: (messages) => Promise.resolve(messages.map(() => ++end)),
    },
    seconds,
  )
}

async function compare(seconds: number): Promise<void> {
  const durable = await measureDurable(seconds)
  const withoutAppend = await measureWithoutAppend(seconds)
  const ratio = Number((durable.perSecond / withoutAppend.perSecond).toFixed(3))
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version }
  console.log(
    JSON.stringify(
      { seconds, connections, inFlight, durable, withoutAppend, ratio, ...machine },
      null,
      2,
    ),
  )
}

const [mode, port, seconds, ...passwords] = process.argv.slice(2)
if (mode === 'publish') await publish(Number(port), passwords, Number(seconds))
else await compare(Number(mode ?? 10))
