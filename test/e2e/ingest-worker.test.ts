import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { LarderError, RawMessage } from '../../domain/index.ts'
import { startIngestWorker } from '../../ingest/index.ts'
import { startMessageLogWorker } from '../../message-log/index.ts'
import { createManualClock, silentLogger } from '../../runtime/index.ts'
import { startOperationsWorker, startSeriesWorker } from '../../store/index.ts'

const at = Date.UTC(2026, 10, 2, 8)

function message(seq: number, payload?: string): RawMessage {
  const body = { seq, boot: 'b', at: at + seq, values: { celsius: seq / 10 } }
  return {
    topic: 'v1/s1/probe-1/telemetry',
    payload: new TextEncoder().encode(payload ?? JSON.stringify(body)),
    ...{ receivedAt: at + seq, qos: 1, retain: false, clientId: 's1.probe-1' },
  }
}

test('the ingest thread brings what is in the log to the stores, goes on after a restart, and ends when told', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'larder-ingest-'))
  const deaths: LarderError[] = []
  const onDeath = (error: LarderError): void => void deaths.push(error)
  const log = await startMessageLogWorker({
    file: join(folder, 'log.db'),
    settings: { keepDays: 7, keepMegabytes: 2048 },
    clock: createManualClock(at),
    logger: silentLogger,
    onDeath,
  })
  const operations = startOperationsWorker({ file: join(folder, 'operations.db'), onDeath })
  const start = () =>
    startIngestWorker({
      logPort: log.connect(),
      operationsPort: operations.connect(),
      seriesFile: join(folder, 'series.db'),
      anchor: { wallAt: at, cityAt: at, speed: 1 },
      clockSpeed: 1,
      settings: {
        ingest: { batchMessages: 500, gatherMs: 0, profiles: '', clockAheadMinutes: 10 },
        series: { keepRollupYears: 5, keepDays: 36_500 },
      },
      logLevel: 'silent',
      onDeath,
    })
  const first = start()
  await log.log.append(Array.from({ length: 1000 }, (_, i) => message(i)))
  await first.drained()
  await first.stop()

  const second = start()
  await log.log.append([message(999), message(1000), message(1001, '{')])
  await second.drained()
  expect(await second.status()).toMatchObject({
    counts: { messages: 3, readings: 1, duplicates: 1, deadLetters: 1 },
  })
  expect(await second.metricsText()).toContain(
    'larder_ingest_dead_letters_total{reason="not-json"} 1',
  )
  expect(await second.replayDeadLetters()).toEqual({ replayed: 0, stillBad: 1 })
  const reader = startSeriesWorker({ file: join(folder, 'series.db'), readonly: true, onDeath })
  expect((await reader.store.stats()).readings).toBe(1001)
  expect((await reader.store.watermarks()).get('s1')).toBe(at + 1000)
  expect((await second.series.latest({})).map(({ value }) => value)).toEqual([100])
  await reader.stop()
  await second.stop()
  await operations.stop()
  await log.stop()
  expect(deaths).toEqual([])
  rmSync(folder, { recursive: true })
})
