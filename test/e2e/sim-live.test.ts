import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTcp, type AddressInfo, type Server as TcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Aedes } from 'aedes'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { compiledUrl } from '../../runtime/index.ts'

/** A Larder by its outside only: a broker that keeps what it acknowledges, and the few answers of the HTTP API that the city needs. */
interface Outside {
  readonly messages: { path: string; seq: number; boot: string; text: string }[]
  readonly states: Map<string, string>
  readonly calls: Map<string, number>
  readonly imported: Map<string, number>
  readonly signals: Set<string>
  transfers: { id: string; status: string; [key: string]: unknown }[]
  readonly steps: string[]
}

const cityStart = Date.parse('2026-11-10T10:00:00+08:00')
let folder: string
let outside: Outside
let broker: Aedes
let mqtt: TcpServer
let http: Server
let startedAt: number
let speed: number
const children: ChildProcess[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'larder-sim-'))
  writeFileSync(join(folder, 'sim.key'), 'secret\n', { mode: 0o600 })
  outside = {
    messages: [],
    states: new Map(),
    calls: new Map(),
    imported: new Map(),
    signals: new Set(),
    transfers: [],
    steps: [],
  }
  startedAt = Date.now()
  speed = 240
  broker = await Aedes.createBroker()
  broker.authenticate = (client, username, password, done) => {
    const path = username ?? ''
    done(null, client.id === path.replace('/', '.') && String(password) === `pw ${path}`)
  }
  broker.authorizePublish = (_client, packet, done) => {
    const [, site, device, last] = packet.topic.split('/')
    const text = packet.payload.toString()
    if (last === 'state') outside.states.set(`${site}/${device}`, text)
    if (last === 'telemetry') {
      const all = [JSON.parse(text)].flat() as { seq: number; boot: string }[]
      for (const { seq, boot } of all)
        outside.messages.push({
          path: `${site}/${device}`,
          seq,
          boot,
          text: JSON.stringify(all.find((one) => one.seq === seq)),
        })
    }
    done(null)
  }
  mqtt = createTcp((socket) => void broker.handle(socket)).listen(0, '127.0.0.1')
  http = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1')
  await Promise.all([once(mqtt, 'listening'), once(http, 'listening')])
})

afterEach(async () => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL')
  await new Promise<void>((resolve) => broker.close(() => resolve()))
  mqtt.close()
  http.closeAllConnections()
  http.close()
  rmSync(folder, { recursive: true, force: true })
})

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks).toString()
  const [path = '', query = ''] = (request.url ?? '').split('?')
  const kind = `${request.method ?? ''} /v1/${path.split('/')[2] ?? ''}`
  outside.calls.set(kind, (outside.calls.get(kind) ?? 0) + 1)
  const send = (status: number, value: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
  }
  if (request.headers.authorization !== 'Bearer secret') send(401, { code: 'RT_UNAUTHORISED' })
  else if (request.method === 'POST' && request.headers['idempotency-key'] === undefined)
    send(400, { code: 'RT_REQUEST_INVALID', detail: 'no key' })
  else if (path === '/v1/clock')
    send(200, { wallAt: startedAt, cityAt: cityStart, speed, waiting: false })
  else if (path === '/v1/events') response.writeHead(200).write(': here\n\n')
  else if (request.method === 'PUT') send(201, {})
  else if (path === '/v1/devices') {
    const { site, device } = JSON.parse(body) as { site: string; device: string }
    send(201, { password: `pw ${site}/${device}` })
  } else if (path === '/v1/context') {
    const { items } = JSON.parse(body) as { items: { signal: string }[] }
    for (const { signal } of items) outside.signals.add(signal)
    send(200, { accepted: items.length, ids: [] })
  } else if (path === '/v1/imports') {
    const [header = '', ...rows] = body.trim().split('\n')
    outside.imported.set(header, (outside.imported.get(header) ?? 0) + rows.length)
    send(200, { kind: 'x', accepted: rows.length, rejected: 0, problems: [] })
  } else if (path === '/v1/transfers')
    send(200, {
      items: outside.transfers.filter(({ status }) => query.includes(`status=${status}`)),
    })
  else if (path.startsWith('/v1/transfers/')) {
    const [, , , id = '', step = ''] = path.split('/')
    outside.steps.push(`${step} ${body}`)
    const transfer = outside.transfers.find((one) => one.id === id)
    if (transfer) transfer.status = step === 'dispatch' ? 'in_transit' : 'received'
    send(200, {})
  } else send(404, { code: 'RT_NOT_FOUND', detail: 'not here' })
}

function startCity(
  size = 'small',
  days = '3',
): { child: ChildProcess; lines: () => Record<string, never>[] } {
  const at = (server: Server | TcpServer): number => (server.address() as AddressInfo).port
  const child = fork(
    fileURLToPath(compiledUrl('../../firmware-sim/main.js', import.meta.url)),
    [
      ...['--api', `http://127.0.0.1:${at(http)}`, '--mqtt', `127.0.0.1:${at(mqtt)}`],
      ...['--key-file', join(folder, 'sim.key'), '--data', folder, '--seed', '5'],
      ...['--size', size, '--history-days', days],
    ],
    { silent: true, execArgv: ['--max-semi-space-size=1'] },
  )
  children.push(child)
  let out = ''
  child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr?.pipe(process.stderr)
  return {
    child,
    lines: () =>
      out
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Record<string, never>),
  }
}

const milk = (id: string) => ({
  id,
  status: 'approved',
  from: 'warehouse-1',
  to: 'store-1',
  lines: [{ product: 'fresh-milk-950ml', units: 3, dispatchedUnits: null }],
})

async function until(what: string, isSo: () => boolean, withinMs = 60_000): Promise<void> {
  const end = Date.now() + withinMs
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Distinct messages by device and boot, and whether one number ever carried two texts. */
function sent(): { byPath: Map<string, Set<number>>; isClean: boolean } {
  const texts = new Map<string, string>()
  const byPath = new Map<string, Set<number>>()
  let isClean = true
  for (const { path, seq, boot, text } of outside.messages) {
    const key = `${path} ${boot} ${seq}`
    if (texts.has(key) && texts.get(key) !== text) isClean = false
    texts.set(key, text)
    byPath.set(`${path} ${boot}`, (byPath.get(`${path} ${boot}`) ?? new Set()).add(seq))
  }
  return { byPath, isClean }
}

test('a new city is made known once, speaks from every device, and stops within 2 s', async () => {
  const { child, lines } = startCity()
  await until(
    'every device online',
    () => outside.states.size === 32 && outside.messages.length > 200,
  )
  expect(outside.calls.get('POST /v1/devices')).toBe(32)
  // Of three days and the hour under way those hours in which something sold or ran out.
  const hours = outside.imported.get('site,product,at,units,outOfStockMinutes') ?? 0
  expect(hours).toBeGreaterThan(200)
  expect(hours).toBeLessThan(2 * 6 * (3 * 24 + 1))
  expect(outside.imported.get('site,product,units')).toBe(18)
  expect([...outside.signals]).toEqual(expect.arrayContaining(['weather-temperature', 'interest']))
  expect([...outside.calls.keys()].filter((call) => call.startsWith('PUT'))).toEqual([])
  expect(lines().some((line) => 'progress' in line)).toBe(true)
  expect(statSync(join(folder, 'sim-credentials.json')).mode & 0o777).toBe(0o600)
  const from = Date.now()
  child.kill('SIGTERM')
  const [code] = (await once(child, 'exit')) as [number]
  expect(Date.now() - from).toBeLessThan(2_500)
  expect(code).toBe(0)
  expect([...outside.states.values()].every((text) => text.includes('offline'))).toBe(true)
  const { byPath, isClean } = sent()
  expect(isClean).toBe(true)
  for (const [path, seqs] of byPath) expect([path, Math.max(...seqs)]).toEqual([path, seqs.size])
})

test('killed in mid-stream and started again, no number is left out or used for two messages', async () => {
  speed = 1200
  for (let round = 0; round < 3; round++) {
    outside.transfers.push(milk(`t-${round}`))
    const { child } = startCity()
    const before = outside.messages.length
    await until('messages', () => outside.messages.length > before + 300)
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  const last = startCity()
  const before = outside.messages.length
  await until('messages', () => outside.messages.length > before + 300)
  await until('all received', () => outside.transfers.every(({ status }) => status === 'received'))
  last.child.kill('SIGTERM')
  await once(last.child, 'exit')
  expect(outside.calls.get('POST /v1/devices')).toBe(32)
  const { byPath, isClean } = sent()
  expect(isClean).toBe(true)
  expect(byPath.size).toBe(32)
  for (const [path, seqs] of byPath) expect([path, Math.max(...seqs)]).toEqual([path, seqs.size])
})

test('an approved transfer is picked, driven and counted in', async () => {
  outside.transfers = [milk('t-1')]
  speed = 1200
  const { child } = startCity()
  await until('received', () => outside.transfers[0]?.status === 'received')
  expect(outside.steps).toEqual([
    'dispatch {"lines":[{"product":"fresh-milk-950ml","units":3}]}',
    'receive {"lines":[{"product":"fresh-milk-950ml","units":3}]}',
  ])
  child.kill('SIGTERM')
  await once(child, 'exit')
})

test('a city whose starter has gone stops by itself', async () => {
  const { child } = startCity()
  await until('messages', () => outside.messages.length > 50)
  child.disconnect()
  await once(child, 'exit')
  expect(readFileSync(join(folder, 'city.json'), 'utf8').length).toBeGreaterThan(1000)
})

test('588 connections of a full city stay light', async () => {
  speed = 60
  const { child } = startCity('full', '2')
  await until('every device online', () => outside.states.size === 588, 120_000)
  const before = { messages: outside.messages.length, cpu: cpuSeconds(child.pid!), at: Date.now() }
  await new Promise((resolve) => setTimeout(resolve, 10_000))
  const seconds = (Date.now() - before.at) / 1000
  const rate = (outside.messages.length - before.messages) / seconds
  const cpu = (cpuSeconds(child.pid!) - before.cpu) / seconds
  const megabytes = residentMegabytes(child.pid!)
  console.log(
    `588 devices: ${rate.toFixed(0)} messages/s, ${(100 * cpu).toFixed(0)} % of a core, ${megabytes.toFixed(0)} MB resident`,
  )
  expect(rate).toBeGreaterThan(20)
  expect(rate).toBeLessThan(600)
  expect(megabytes).toBeLessThan(180)
  child.kill('SIGTERM')
  await once(child, 'exit')
})

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')
  return (Number(fields[13]) + Number(fields[14])) / 100
}

function residentMegabytes(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(line?.[1] ?? 0) / 1024
}
