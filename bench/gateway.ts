/**
 * Messages a second that the gateway acknowledges, each durable: 50 connections with 20 messages of 150 bytes in flight
 * each, publishers in a process of their own. `npx tsx bench/gateway.ts [SECONDS]`, after `npm run build`.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startMessageLogWorker } from '../message-log/index.ts'
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

async function serve(seconds: number): Promise<void> {
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
  const { gateway, registry } = await startTestGateway(worker.log, {}, { batchWaitMs: 2 })
  const passwords = Array.from(
    { length: connections },
    (_, index) => registry.addDevice('s1', `d${index}`).password,
  )
  const cpuBefore = process.cpuUsage()
  const publisher = spawn(
    process.execPath,
    [
      '--import',
      'tsx',
      fileURLToPath(import.meta.url),
      'publish',
      String(gateway.port),
      String(seconds),
      ...passwords,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const [rate] = (await once(publisher.stdout, 'data')) as [Buffer]
  const cpu = process.cpuUsage(cpuBefore)
  const { messages } = await worker.log.stats()
  const secondsPer100k = (cpu.user + cpu.system) / 1e6 / (messages / 1e5)
  console.log(
    `${Number(rate)} acknowledged messages/s, ${secondsPer100k.toFixed(2)} CPU-seconds per 100,000, ${messages} kept, ${process.memoryUsage.rss() >> 20} MB`,
  )
  await gateway.stop()
  await worker.stop()
  rmSync(folder, { recursive: true, force: true })
}

const [mode, port, seconds, ...passwords] = process.argv.slice(2)
if (mode === 'publish') await publish(Number(port), passwords, Number(seconds))
else await serve(Number(mode ?? 10))
