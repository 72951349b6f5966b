import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { hourMs, minuteMs, type RawMessage } from '../../domain/index.ts'
import { createMemoryMessageLog, type EmbeddedMessageLog } from '../../message-log/index.ts'
import { createLogger, silentLogger } from '../../runtime/index.ts'
import { Writable } from 'node:stream'
import { openUplinkLedger } from './uplink-ledger.ts'
import { startUplinkRetention } from './uplink-retention.ts'

const folder = mkdtempSync(join(tmpdir(), 'larder-ledger-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

const message = (bytes = 1, receivedAt = 1): RawMessage => ({
  ...{ topic: 't', payload: new Uint8Array(bytes), receivedAt },
  ...{ qos: 1, retain: false, clientId: null },
})

describe('the log of an edge gateway', () => {
  const stops: (() => Promise<void> | void)[] = []
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop()
  })

  const open = async (
    options: { keepHours?: number; keepMegabytes?: number; file?: string } = {},
  ) => {
    const { keepHours = 72, keepMegabytes = 2048 } = options
    const file = options.file ?? join(folder, `${++files}.json`)
    const time = { now: 0 }
    const log: EmbeddedMessageLog = createMemoryMessageLog()
    const monotonic = { now: () => time.now }
    const ledger = await openUplinkLedger({ file, log, monotonic, logger: silentLogger })
    const dropped: number[] = []
    const retention = startUplinkRetention({
      ...{ log, ledger, settings: { keepHours, keepMegabytes }, logger: silentLogger },
      onDropped: (count) => dropped.push(count),
    })
    stops.push(
      () => ledger.stop(),
      () => retention.stop(),
    )
    const append = async (count: number, bytes = 1, receivedAt = 1): Promise<void> => {
      const all = Array.from({ length: count }, () => message(bytes, receivedAt))
      ledger.arrivals.reached((await log.append(all)).at(-1)!)
      time.now += 200
    }
    const start = async (): Promise<number> => (await log.stats()).starts.get(0)!
    return { log, ledger, retention, time, dropped, append, start, file }
  }

  it('keeps what the hub does not have for its hours of running, whatever the receive times say', async () => {
    const { retention, time, dropped, append, start } = await open()
    await append(10, 1, 0)
    await append(10, 1, 4e12)
    time.now += 71.9 * hourMs
    await append(10, 1, 5)
    await retention.prune()
    expect([await start(), dropped]).toEqual([1, []])
    time.now += 0.2 * hourMs
    await append(1)
    await retention.prune()
    expect([await start(), dropped]).toEqual([21, [20]])
  })

  it('drops the oldest of it beyond its megabytes, and counts only what the hub never got', async () => {
    const { ledger, retention, dropped, append, start } = await open({ keepMegabytes: 16 })
    for (let batch = 0; batch < 5; batch++) await append(4, 1_000_000)
    ledger.acknowledged.add(2, 3)
    await retention.prune()
    expect([await start(), dropped]).toEqual([5, [2]])
    expect(ledger.missing(1, 20)).toBe(16)
    expect(ledger.start()).toBe(5)
  })

  it('lets what the hub has go after ten minutes, and stops at the first message that it does not have', async () => {
    const { ledger, retention, time, dropped, append, start } = await open()
    for (let batch = 0; batch < 4; batch++) await append(5)
    ledger.acknowledged.add(1, 10)
    ledger.acknowledged.add(16, 20)
    time.now += 9 * minuteMs
    await retention.prune()
    expect(await start()).toBe(1)
    time.now += minuteMs
    await append(1)
    await retention.prune()
    expect([await start(), dropped]).toEqual([11, []])
  })

  it('remembers in its file what the hub has, and starts without it where it is damaged or of another log', async () => {
    const { ledger, log, file, append } = await open()
    await append(10)
    ledger.acknowledged.add(1, 7)
    await ledger.save()
    const words: string[] = []
    const logger = createLogger(
      'warn',
      new Writable({
        write(chunk: Buffer, _, done) {
          words.push((JSON.parse(chunk.toString()) as { msg: string }).msg)
          done()
        },
      }),
    )
    const reopen = async () => {
      const again = await openUplinkLedger({ file, log, monotonic: { now: () => 0 }, logger })
      await again.stop()
      return again.missing(1, 10)
    }
    const good = readFileSync(file, 'utf8')
    expect([await reopen(), words]).toEqual([3, []])
    for (const bad of [
      good.replace(/"log":"./, '"log":"x'),
      good.slice(0, -5),
      good.replace('[1,7]', '[7,1]'),
      good.replace('[1,7]', '[1,null]'),
      good.replace('"version":1', '"version":2'),
      '',
    ]) {
      writeFileSync(file, bad)
      expect(await reopen()).toBe(10)
      expect(words.pop()).toMatch(/sent to the hub again/)
      writeFileSync(file, good)
    }
  })
})
