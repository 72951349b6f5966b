import { afterEach, beforeEach, expect, test } from 'vitest'
import { createManualClock } from '../runtime/index.ts'
import { createSqliteOperationsStore, type OperationsStore } from '../store/index.ts'
import { createCatalogue } from './catalogue.ts'

let operations: OperationsStore
beforeEach(async () => {
  operations = await createSqliteOperationsStore({ file: ':memory:' })
})
afterEach(() => operations.close())

const many = Array.from({ length: 600 }, (_, i) => ({ site: `s${i % 7}`, device: `probe-${i}` }))

async function register({ site, device }: { site: string; device: string }): Promise<void> {
  const credential = {
    ...{ username: `${site}/${device}`, kind: 'device' as const, site, device, salt: '', hash: '' },
    ...{ revoked: false, publish: [], subscribe: [], mappings: [] },
  }
  await operations.registerDevice({ site, device, kind: 'probe', zone: 'chilled' }, credential, 1)
}

test.each([
  ['few devices are looked up one by one', 20, 21],
  ['many are read at once, and those that are not among them are known to be nobody', 600, 0],
])('%s', async (_, count, gets) => {
  const named = many.slice(0, count)
  for (const path of named) await register(path)
  let asked = 0
  const get: OperationsStore['get'] = (...args) => {
    asked++
    return operations.get(...args)
  }
  const catalogue = await createCatalogue({ ...operations, get }, createManualClock(1))
  const stranger = { site: 's1', device: 'nobody' }
  await catalogue.refresh([...named, stranger])
  for (const { site, device } of named)
    expect(catalogue.device(site, device)).toMatchObject({ isRegistered: true, zone: 'chilled' })
  expect(catalogue.device(stranger.site, stranger.device).isRegistered).toBe(false)
  expect(asked).toBe(gets)
  catalogue.stop()
})

test('of many that were read at once, none is asked for when it comes with a later batch', async () => {
  for (const path of many) await register(path)
  let asked = 0
  const list: OperationsStore['list'] = (...args) => {
    asked++
    return operations.list(...args)
  }
  const catalogue = await createCatalogue({ ...operations, list }, createManualClock(1))
  await catalogue.refresh(many.slice(0, 200))
  const first = asked
  await catalogue.refresh(many.slice(200))
  for (const { site, device } of many)
    expect(catalogue.device(site, device).isRegistered).toBe(true)
  expect(asked).toBe(first)
  catalogue.stop()
})
