import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { afterAll, expect, test } from 'vitest'
import { runLarder, temporaryFolder, type RunResult } from '../support/larder-process.ts'

const folder = temporaryFolder('replay')
afterAll(() => folder.remove())

function recording(name: string, content: string | Uint8Array | null): string {
  const dir = join(folder.path, name)
  mkdirSync(join(dir, 'freshretailnet'), { recursive: true })
  if (content !== null) writeFileSync(join(dir, 'freshretailnet', 'train.parquet'), content)
  return dir
}

const up = (replay: string, data = 'data'): Promise<RunResult> =>
  runLarder([
    ...['up', '--data', join(folder.path, data), '--http', '0', '--mqtt', '0'],
    ...['--replay', replay],
  ])

test('a recording that cannot be replayed is one sentence and exit code 1, before anything starts', async () => {
  const ids = ['city_id', 'store_id'].map((name) => ({ name, data: [1, 2] }))
  const cases: [replay: string, words: string][] = [
    [join(folder.path, 'nowhere'), 'There is no folder'],
    [recording('empty', null), 'there is no such file'],
    [recording('damaged', 'PAR1 is not all there is to it'), 'cannot be replayed'],
    [
      recording('short', new Uint8Array(parquetWriteBuffer({ columnData: ids }))),
      'no column product_id, first_category_id, dt, hours_sale, hours_stock_status',
    ],
  ]
  for (const [replay, words] of cases) {
    const { code, stdout, stderr } = await up(replay)
    expect(code, replay).toBe(1)
    expect(stderr).toContain(words)
    expect(stderr).toContain(replay)
    expect(stderr).not.toContain('    at ')
    expect(stdout).toBe('')
  }
})

test('a data folder of a simulated city is not replayed into', async () => {
  const ids = [
    'city_id',
    'store_id',
    'product_id',
    'first_category_id',
    'dt',
    'hours_sale',
    'hours_stock_status',
  ].map((name) => ({ name, data: [1] }))
  const replay = recording('whole', new Uint8Array(parquetWriteBuffer({ columnData: ids })))
  mkdirSync(join(folder.path, 'city'))
  writeFileSync(
    join(folder.path, 'city', 'city-start.json'),
    JSON.stringify({ startAt: 0, seed: 1, size: 'full', replay: null }),
  )
  const { code, stderr } = await up(replay, 'city')
  expect(code).toBe(1)
  expect(stderr).toMatch(/holds a simulated city.*not a replay of .*--data.*--reset/)
})
