import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { connectOperationsStore, startOperationsWorker } from '../../store/index.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'larder-operations-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const site = { id: 's1', name: 'One', kind: 'store', timeZone: 'Asia/Shanghai' } as const

it('one worker serves several connections, tells them all of changes, and its data outlives it', async () => {
  const file = join(folder, 'operations.db')
  const deaths: Error[] = []
  const first = startOperationsWorker({ file, onDeath: (error) => deaths.push(error) })
  const other = connectOperationsStore(first.connect())
  const told = new Promise<number>((resolve) => void other.subscribe(resolve))
  await first.store.putMasterData('sites', [site], 1)
  expect(await told).toBe(1)
  expect(await other.get('sites', 's1')).toEqual(site)
  await other.close()
  expect(await first.store.all('sites')).toHaveLength(1)
  await first.stop()

  const second = startOperationsWorker({ file, onDeath: (error) => deaths.push(error) })
  expect(await second.store.all('sites')).toEqual([site])
  await second.stop()
  expect(deaths).toEqual([])
})

it('a file that is no store is the error of every call', async () => {
  const file = join(folder, 'operations.db')
  writeFileSync(file, 'not a database, and long enough to be read as one '.repeat(100))
  const worker = startOperationsWorker({ file, onDeath: () => undefined })
  await expect(worker.store.all('sites')).rejects.toMatchObject({ code: 'RT_STORE_DAMAGED' })
  await worker.stop()
})
