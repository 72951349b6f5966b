import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { LarderError, Reading } from '../../domain/index.ts'
import { connectSeriesStore, startSeriesWorker } from '../../store/index.ts'

test('a thread that reads sees what the thread that writes has written', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'larder-series-'))
  const file = join(folder, 'series.db')
  const deaths: LarderError[] = []
  const onDeath = (error: LarderError): void => void deaths.push(error)
  const writer = startSeriesWorker({ file, readonly: false, onDeath })
  const reading: Reading = {
    site: 's1',
    device: 'probe-1',
    channel: 'celsius',
    gtin: null,
    at: 1_763_793_540_120,
    receivedAt: 1_763_793_540_125,
    value: 4.5,
    seq: 1,
    boot: 'b',
    index: 0,
    quality: 'good',
  }
  expect(await writer.store.write([reading])).toEqual([{ status: 'stored' }])
  const reader = startSeriesWorker({ file, readonly: true, onDeath })
  const third = connectSeriesStore(reader.connect())
  expect(await third.latest({ site: 's1' })).toEqual([reading])
  const from = Math.floor(reading.at / 3_600_000) * 3_600_000
  const [hours] = await third.hourly({ from, to: from + 3_600_000, by: 'site' })
  expect([...hours!.sum]).toEqual([4.5])
  await reader.stop()
  await writer.stop()
  expect(deaths).toEqual([])
  rmSync(folder, { recursive: true })
})
