import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetWriteFile } from 'hyparquet-writer'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hourMs } from '../../domain/index.ts'
import { readFootfallHistory } from './footfall-parquet.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'larder-footfall-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const hours = ['2024-06-01T00:00', '2024-06-01T01:00', '2024-06-01T02:00', '2024-06-01T03:00']

function write(name: string, holiday: readonly number[] | null): string {
  const filename = join(folder, name)
  parquetWriteFile({
    filename,
    columnData: [
      { name: 'site_id', data: hours.map(() => 'door'), type: 'STRING' },
      { name: 'at', data: hours, type: 'STRING' },
      { name: 'in_count', data: [5, 6, 7, null], type: 'DOUBLE', nullable: true },
      ...(holiday ? [{ name: 'holiday', data: [...holiday], type: 'DOUBLE' as const }] : []),
    ],
  })
  return filename
}

test('holidays are known past the last count, and nothing is known where there is no such column', async () => {
  const history = await readFootfallHistory(write('with.parquet', [0, 0, 1, 1]))
  expect(history.hours).toBe(3)
  expect(history.from).toBe(Date.UTC(2024, 5, 1))
  expect([...history.series[0]!.value]).toEqual([5, 6, 7])
  expect([...history.series[0]!.known.holiday!.values].slice(0, 4)).toEqual([0, 0, 1, 1])
  const without = await readFootfallHistory(write('without.parquet', null))
  expect(without.series[0]!.known).toEqual({})
})

test('counts at and after the end asked for are left out, the holidays stay', async () => {
  const path = write('cut.parquet', [0, 0, 1, 1])
  const history = await readFootfallHistory(path, { until: Date.UTC(2024, 5, 1) + 2 * hourMs })
  expect(history.hours).toBe(2)
  expect(history.series[0]!.known.holiday!.values[3]).toBe(1)
})
