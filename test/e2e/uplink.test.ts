import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LoggedMessage } from '../../domain/index.ts'
import {
  createMemoryMessageLog,
  openSqliteMessageLog,
  type EmbeddedMessageLog,
  type MessageLog,
} from '../../message-log/index.ts'
import { wallClock } from '../../runtime/index.ts'
import { cityNow, startTestGateway, type TestGateway } from '../support/start-test-gateway.ts'
import { createTestCa } from '../support/test-ca.ts'
import { startTestUplink, telemetry, type TestUplink } from '../support/test-uplink.ts'

const clock = { now: () => cityNow }

const until = async (
  isTrue: () => boolean | Promise<boolean>,
  withinMs = 10_000,
): Promise<void> => {
  for (let waited = 0; !(await isTrue()); waited += 10) {
    if (waited > withinMs) throw new Error(`did not happen within ${withinMs} ms`)
    await sleep(10)
  }
}

describe('an uplink', () => {
  let folder: string
  let hubLog: MessageLog
  let hub: TestGateway
  let password: string
  let edgeLog: EmbeddedMessageLog
  const uplinks: TestUplink[] = []
  let port = 0
  let sent = 0

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'larder-uplink-'))
    hubLog = createMemoryMessageLog()
    hub = await startTestGateway(hubLog)
    port = hub.gateway.port
    const rules = { site: 's1', device: 'edge-1', subscribe: ['v1/s1/+/command'] }
    ;({ password } = hub.registry.add('s1/edge-1', 'bridge', rules))
    edgeLog = openEdgeLog()
    sent = 0
  })
  afterEach(async () => {
    for (const { uplink } of uplinks.splice(0)) await uplink.stop()
    await hub.stop()
    await edgeLog.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const openEdgeLog = (): EmbeddedMessageLog =>
    openSqliteMessageLog({ file: join(folder, 'log.db'), wall: wallClock, notice: () => undefined })
  const start = async (options: Partial<Parameters<typeof startTestUplink>[0]> = {}) => {
    const started = await startTestUplink({
      log: edgeLog,
      folder,
      port,
      password,
      clock,
      ...options,
    })
    uplinks.push(started)
    return started
  }
  const append = async (to: Pick<MessageLog, 'append'>, count: number): Promise<void> => {
    for (let left = count; left > 0; left -= 500)
      await to.append(Array.from({ length: Math.min(500, left) }, () => telemetry(++sent, cityNow)))
  }
  /** What the hub's log holds that came over the uplink. */
  const received = async (): Promise<LoggedMessage[]> => {
    const { messages } = await hubLog.stats()
    const found: LoggedMessage[] = []
    const abort = new AbortController()
    if (messages === 0) return found
    for await (const batch of hubLog.consume('test', { signal: abort.signal })) {
      found.push(...batch.messages.filter(({ firstPlace }) => firstPlace))
      if (batch.position >= messages) abort.abort()
    }
    return found
  }
  const positions = async (): Promise<number[]> =>
    [...new Set((await received()).map(({ firstPlace }) => firstPlace!.position))].sort(
      (a, b) => a - b,
    )
  const all = (): number[] => Array.from({ length: sent }, (_, i) => i + 1)
  const restartHub = async (): Promise<void> => {
    const { registry } = hub
    await hub.stop()
    hub = await startTestGateway(hubLog, { port }, {}, registry)
  }

  it('forwards what comes as live, byte for byte, within a moment', async () => {
    const { uplink, metric } = await start()
    await until(async () => (await metric('uplink_connected')) === 1)
    await append(uplink.log, 3)
    await until(async () => (await received()).length === 3)
    const [first] = await received()
    const kept = (await edgeLog.read(0, 1))!
    expect(first).toMatchObject({
      ...{ topic: kept.topic, receivedAt: kept.receivedAt, clientId: kept.clientId, qos: 1 },
      firstPlace: { log: (await edgeLog.stats()).id, position: 1 },
    })
    expect(Buffer.from(first!.payload)).toEqual(Buffer.from(kept.payload))
    expect(first).not.toHaveProperty('isBacklog')
    await until(async () => (await metric('forwarded_total', { kind: 'live' })) === 3)
    expect(uplink.status()).toMatchObject({
      ready: true,
      words: `connected to hub 127.0.0.1:${port}; up to date`,
      problems: [],
    })
  })

  it('keeps all while the hub is away, then sends live first and the rest marked as backlog, each once', async () => {
    await append(edgeLog, 20_000)
    const { uplink, metric } = await start()
    const late = append(uplink.log, 200)
    await late
    await until(async () => (await positions()).length === sent)
    const messages = await received()
    expect(messages.map(({ firstPlace }) => firstPlace!.position).sort((a, b) => a - b)).toEqual(
      all(),
    )
    const backlog = messages
      .filter(({ isBacklog }) => isBacklog)
      .map(({ firstPlace }) => firstPlace!.position)
    expect(backlog).toEqual(backlog.toSorted((a, b) => a - b))
    expect(backlog).toContain(20_000)
    await until(async () => (await metric('backlog_messages')) === 0)
    expect(await metric('forwarded_total')).toBe(sent)
  })

  it('loses nothing when the hub is restarted again and again, and the hub knows what comes twice', async () => {
    const { uplink, metric } = await start()
    for (let round = 0; round < 4; round++) {
      await until(async () => (await metric('uplink_connections_total')) === round + 1)
      await append(uplink.log, 2000)
      await restartHub()
      await append(uplink.log, 500)
    }
    await until(async () => (await positions()).length === sent, 20_000)
    expect(await positions()).toEqual(all())
  })

  it('goes on after a restart where it was, and starts alone where its file is damaged', async () => {
    const first = await start()
    await append(first.uplink.log, 1000)
    await until(async () => (await positions()).length === 1000)
    await first.uplink.stop()
    await append(edgeLog, 100)
    const second = await start()
    await until(async () => (await positions()).length === 1100)
    // The hub has them a moment before the edge knows.
    await until(async () => (await second.metric('forwarded_total', { kind: 'backlog' })) === 100)
    await second.uplink.stop()
    expect(JSON.parse(readFileSync(join(folder, 'uplink.json'), 'utf8'))).toMatchObject({
      acknowledged: [[1, 1100]],
    })
    for (const damage of ['', '{', '{"version":1}', '{"version":1,"acknowledged":[[5,1]]}']) {
      writeFileSync(join(folder, 'uplink.json'), damage)
      const third = await start()
      await until(async () => (await third.metric('forwarded_total')) === 1100)
      await third.uplink.stop()
    }
    expect(await positions()).toEqual(all())
  })

  it('holds the backlog to its pace, and live messages pass it by', async () => {
    await append(edgeLog, 3000)
    const { uplink, metric } = await start({
      settings: { backlogPerSecond: 1000, maxPacketBytes: 4096 },
    })
    await until(async () => (await metric('uplink_connected')) === 1)
    const startedAt = performance.now()
    await append(uplink.log, 1)
    await until(async () => (await metric('forwarded_total', { kind: 'live' })) === 1)
    expect(performance.now() - startedAt).toBeLessThan(1500)
    await until(async () => (await positions()).length === sent)
    expect(performance.now() - startedAt).toBeGreaterThan(2000)
  })

  it('brings the commands of its site, acknowledged once they are kept', async () => {
    const { commands } = await start()
    hub.registry.queueCommand({ id: 'c1', site: 's1', device: 'd1', set: { a: 1 } })
    await until(() => commands.length === 1)
    expect(commands[0]![0]).toBe('v1/s1/d1/command')
    expect(JSON.parse(commands[0]![1])).toMatchObject({ id: 'c1', set: { a: 1 } })
  })

  it('says online at the hub, and offline when it stops', async () => {
    const { uplink } = await start()
    const states = async (): Promise<string[]> => {
      const { messages } = await hubLog.stats()
      const found = await Promise.all(
        Array.from({ length: messages }, (_, i) => hubLog.read(0, i + 1)),
      )
      return found.flatMap((one) =>
        one?.topic === 'v1/s1/edge-1/state'
          ? [(JSON.parse(Buffer.from(one.payload).toString()) as { state: string }).state]
          : [],
      )
    }
    await until(async () => (await states()).length === 1)
    await uplink.stop()
    expect(await states()).toEqual(['online', 'offline'])
  })

  it('goes over TLS to a hub that its authority knows, and to no other', async () => {
    const ca = createTestCa(join(folder, 'ca'))
    const server = ca.issue('hub', { alternatives: 'DNS:localhost,IP:127.0.0.1' })
    const tls = { tlsPort: 0, tlsCert: server.cert, tlsKey: server.key }
    const { registry } = hub
    await hub.stop()
    hub = await startTestGateway(hubLog, { port, ...tls }, {}, registry)
    const url = `mqtts://localhost:${hub.gateway.tlsPort}`
    const { uplink } = await start({ settings: { url, ca: ca.file } })
    await append(uplink.log, 3)
    await until(async () => (await received()).length === 3)
    await uplink.stop()
    const other = createTestCa(join(folder, 'other')).file
    const wrong = await start({ settings: { url, ca: other } })
    await until(() => wrong.uplink.status().problems!.length > 0)
    expect(wrong.uplink.status().problems![0]).toMatch(/certificate/)
    expect(await wrong.metric('uplink_connections_total')).toBe(0)
  })

  it('says in a sentence why the hub does not answer, and is ready all the same', async () => {
    await hub.stop()
    const away = await start()
    await until(() => away.uplink.status().problems!.length > 0)
    expect(away.uplink.status()).toMatchObject({ ready: true })
    expect(away.uplink.status().problems![0]).toMatch(/is not connected: .*ECONNREFUSED.*72 hours/)
    hub = await startTestGateway(hubLog, { port }, {}, hub.registry)
    const wrong = await start({ password: 'wrong' })
    await until(() => wrong.uplink.status().problems![0]?.includes('refuses the password') ?? false)
  })
})
