import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import Value from 'typebox/value'
import { Settings } from '../../config/index.ts'
import { dayMs, hourMs } from '../../domain/index.ts'
import { startGateway, type Gateway } from '../../gateway/index.ts'
import { openSqliteMessageLog, type MessageLog } from '../../message-log/index.ts'
import { startPruning } from '../../message-log/pruning.ts'
import {
  createCityClock,
  createMetrics,
  createRandom,
  silentLogger,
  wallClock,
} from '../../runtime/index.ts'
import { createFleetRegistry, fleetLogin } from '../support/fleet-registry.ts'
import { replaceDate, type JumpingDate } from '../support/jumping-date.ts'
import { temporaryFolder } from '../support/larder-process.ts'
import { connectRaw, packetType, publishFrame, textField } from '../support/raw-mqtt.ts'
import { scaled, seed } from '../support/torture.ts'

const yearMs = 365 * dayMs
const keepDays = 7
const deadlineMs = 700

interface Case {
  readonly name: string
  /** What the clock says, one after the other; null is right. */
  readonly jumps: readonly (number | 'epoch' | 'summer time' | null)[]
  readonly isCityClock: boolean
  /** The process starts again while the clock is wrong. */
  readonly restarts: boolean
}

const firstCases: readonly Case[] = [
  { name: 'a day ahead', jumps: [dayMs, null], isCityClock: true, restarts: false },
  { name: 'a day back', jumps: [-dayMs, null], isCityClock: false, restarts: true },
  { name: 'ten years ahead', jumps: [10 * yearMs, null], isCityClock: false, restarts: true },
  { name: 'ten years back', jumps: [-10 * yearMs, null], isCityClock: true, restarts: false },
  { name: 'to 1970', jumps: ['epoch', null], isCityClock: false, restarts: false },
  { name: 'summer time', jumps: ['summer time'], isCityClock: true, restarts: false },
]

function laterCases(count: number): Case[] {
  const random = createRandom(seed)
  const sizes = [dayMs, -dayMs, 10 * yearMs, -10 * yearMs, 8 * dayMs, -8 * dayMs, hourMs, 'epoch', null] as const // prettier-ignore
  return Array.from({ length: count }, (_, index) => {
    const jumps = Array.from({ length: 1 + Math.floor(random.next() * 4) }, () => {
      return sizes[Math.floor(random.next() * sizes.length)]!
    })
    const [isCityClock, restarts] = [random.next() < 0.5, random.next() < 0.5]
    return { name: `case ${index + 7}: ${jumps.join(', ')}`, jumps, isCityClock, restarts }
  })
}

let date: JumpingDate
let folder: ReturnType<typeof temporaryFolder>
let log: MessageLog
let gateway: Gateway
let stopParts: () => Promise<void>
const timezone = process.env.TZ
beforeEach(() => {
  folder = temporaryFolder('clock-jumps')
  date = replaceDate()
})
afterEach(() => {
  date.restore()
  if (timezone === undefined) delete process.env.TZ
  else process.env.TZ = timezone
  folder.remove()
})

async function start(isCityClock: boolean): Promise<void> {
  const notice = (words: string): void => {
    throw new Error(words)
  }
  const defaults = Value.Create(Settings)
  const now = wallClock.now()
  const clock = isCityClock ? createCityClock({ wallAt: now, cityAt: now, speed: 1 }) : wallClock
  log = openSqliteMessageLog({ file: join(folder.path, 'log.db'), wall: wallClock, notice })
  const pruning = startPruning({
    ...{ log, clock, clockSpeed: 1, logger: silentLogger, everyMs: 20 },
    settings: { keepDays, keepMegabytes: 1000 },
  })
  gateway = await startGateway({
    settings: { ...defaults.mqtt, port: 0, connectDeadlineMs: deadlineMs },
    identity: defaults.gateway,
    messageLogSettings: defaults.messageLog,
    ...{ log, clock, wall: wallClock, registry: createFleetRegistry(), logger: silentLogger },
    metrics: createMetrics({ withProcess: false }),
  })
  const reading = new AbortController()
  const read = readEverything(reading.signal)
  stopParts = async () => {
    reading.abort()
    await read
    pruning.stop()
    await gateway.stop()
    await log.close()
  }
}

/** Stands for ingest: close behind, so that only its age keeps a message. */
async function readEverything(signal: AbortSignal): Promise<void> {
  for await (const { position } of log.consume('ingest', { signal }))
    await log.commit({ group: 'ingest', partition: 0, position })
}

/** Publishes one after the other until its connection breaks, and notes what is acknowledged. */
async function publish(device: string, acknowledged: Set<string>): Promise<void> {
  const topic = textField(`v1/s1/${device}/telemetry`)
  let text = ''
  const send = (): void => {
    text = `${device} ${acknowledged.size} ${performance.now()}`
    socket.write(publishFrame(topic, Buffer.from(text), { id: 1, qos: 1 }))
  }
  const socket = await connectRaw(gateway.port, fleetLogin('s1', device), (type) => {
    if (type !== packetType.puback) return
    acknowledged.add(text)
    send()
  })
  send()
}

/** How long the gateway takes to cut off a peer that says nothing, and a device whose keep-alive of a second has passed. */
async function cutOffs(): Promise<{ readonly silentMs: number; readonly idleMs: number }> {
  const startedAt = performance.now()
  const silent = connect(gateway.port, '127.0.0.1').on('error', () => undefined)
  const idle = await connectRaw(
    gateway.port,
    { ...fleetLogin('s1', 'idle'), keepAliveSeconds: 1 },
    () => undefined,
  )
  const measure = async (socket: typeof silent): Promise<number> => {
    await once(socket.resume(), 'close')
    return performance.now() - startedAt
  }
  const [silentMs, idleMs] = await Promise.all([measure(silent), measure(idle)])
  return { silentMs, idleMs }
}

async function storedPayloads(): Promise<Set<string>> {
  const stored = new Set<string>()
  const end = (await log.stats()).ends.get(0)!
  const abort = new AbortController()
  for await (const batch of log.consume('check', { signal: abort.signal })) {
    expect(batch.holes).toEqual([])
    for (const { payload } of batch.messages) stored.add(Buffer.from(payload).toString())
    if (batch.position >= end) abort.abort()
  }
  return stored
}

const cases = [...firstCases, ...laterCases(scaled(6, 60) - firstCases.length)]

test.each(cases)(
  `a clock that jumps under load ($name, seed ${seed}) loses nothing, deletes nothing and stops nothing`,
  async ({ jumps, isCityClock, restarts }) => {
    if (jumps.includes('summer time')) {
      process.env.TZ = 'Europe/Berlin'
      date.jumpTo(Date.UTC(2026, 9, 25, 0, 59, 59, 500))
    }
    await start(isCityClock)
    const acknowledged = new Set<string>()
    const old = { topic: 'v1/s1/old/telemetry', payload: Buffer.from('old'), qos: 1 } as const
    const receivedAt = Date.now() - (keepDays + 1) * dayMs
    await log.append([{ ...old, receivedAt, retain: false, clientId: null }])
    const devices = ['d1', 'd2', 'd3']
    await Promise.all(devices.map((device) => publish(device, acknowledged)))
    await expect.poll(async () => (await log.stats()).starts.get(0), { timeout: 5000 }).toBe(2)

    for (const jump of jumps) {
      const before = acknowledged.size
      const cut = cutOffs()
      await sleep(50)
      if (jump === null) date.mend()
      else if (jump === 'epoch') date.jumpTo(0)
      else if (jump !== 'summer time') date.jumpBy(jump)
      const { silentMs, idleMs } = await cut
      expect(silentMs).toBeGreaterThan(deadlineMs * 0.9)
      expect(silentMs).toBeLessThan(deadlineMs + 3000)
      expect(idleMs).toBeGreaterThan(1000)
      expect(idleMs).toBeLessThan(5000)
      expect(acknowledged.size, 'acknowledged since the jump').toBeGreaterThan(before + 20)
      if (!restarts) continue
      await stopParts()
      await start(isCityClock)
      await Promise.all(devices.map((device) => publish(device, acknowledged)))
      await sleep(100)
    }
    const stored = await storedPayloads()
    const lost = [...acknowledged].filter((text) => !stored.has(text))
    expect(lost).toEqual([])
    expect((await log.stats()).starts.get(0), 'deleted by mistake').toBe(2)
    await stopParts()
  },
)
