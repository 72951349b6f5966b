import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRandom, silentLogger } from '../../runtime/index.ts'
import { startPostgres, type PostgresServer } from '../../scripts/servers/postgres.ts'
import { operationsStoreContract } from './operations-store.contract.ts'
import type { OperationsStore } from './operations-store.ts'
import { createPostgresOperationsStore } from './postgres-operations-store.ts'
import { changeNumbers, movement, site, start } from './samples.contract.ts'

let server: PostgresServer
let folder: string
let databases = 0

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'larder-postgres-'))
  chmodSync(folder, 0o755)
  server = await startPostgres(folder)
  await server.database('template_larder').then(async (url) => (await open(url)).close())
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

const open = (url: string): Promise<OperationsStore> =>
  createPostgresOperationsStore({ url, random: createRandom(1), logger: silentLogger })

/** A database of its own, copied from one that is migrated. */
async function newDatabase(): Promise<string> {
  const name = `larder_${++databases}`
  const client = new Client(server.url)
  await client.connect()
  await client.query(`create database ${name} template template_larder`)
  await client.end()
  return server.database(name)
}

describe('the operations store on PostgreSQL', () => {
  operationsStoreContract(async () => open(await newDatabase()), { numRuns: 2 })
})

describe('several processes on one PostgreSQL', () => {
  it('write at the same time, and every reader sees dense numbers that only grow', async () => {
    const url = await newDatabase()
    const stores = await Promise.all([open(url), open(url), open(url)])
    const seen: number[] = []
    const over = new AbortController()
    const reading = (async () => {
      while (!over.signal.aborted) {
        const { changes } = await stores[2].changes(seen.at(-1) ?? 0, 1000)
        seen.push(...changes.map(({ number }) => number))
      }
    })()
    const writers = stores.map(async (store, index) => {
      for (let i = 0; i < 60; i++)
        await Promise.all([
          store.moveStock([movement(`${index}-${i}`, 1, { product: `p${index}` })]),
          store.moveStock([movement(`${index}-${i}-shared`, 1)]),
        ])
    })
    await Promise.all(writers)
    over.abort()
    await reading
    const numbers = await changeNumbers(stores[0])
    expect(numbers).toEqual(Array.from({ length: 360 }, (_, i) => i + 1))
    expect(seen).toEqual(seen.map((_, i) => i + 1))
    expect(await stores[1].get('stock', 's1.p1')).toMatchObject({ onHand: 180 + 60 })
    for (const store of stores) await store.close()
  })

  it('hear of each other', async () => {
    const url = await newDatabase()
    const [one, other] = [await open(url), await open(url)]
    const told: string[] = []
    other.subscribe((newest) => told.push(`changed ${newest}`))
    other.subscribeRegistry((change) => told.push(JSON.stringify(change)))
    await new Promise((resolve) => setTimeout(resolve, 200))
    await one.putMasterData('sites', [site('s1')], start)
    await one.queueCommand({
      ...{ id: 'c1', site: 's1', device: 'd1', set: {}, queuedAt: start, expiresAt: start + 9 },
      ...{ sentAt: null, status: 'queued' },
    })
    for (let i = 0; i < 100 && told.length < 3; i++)
      await new Promise((resolve) => setTimeout(resolve, 20))
    expect(new Set(told)).toEqual(
      new Set([...['changed 0', 'changed 1'], '{"what":"command","site":"s1","device":"d1"}']),
    )
    await one.close()
    await other.close()
  })

  it('apply a movement once, however many bring it at the same time', async () => {
    const url = await newDatabase()
    const stores = await Promise.all([open(url), open(url)])
    await stores[0].putMasterData('sites', [site('s1')], start)
    await Promise.all(
      stores.flatMap((store) =>
        Array.from({ length: 20 }, () => store.moveStock([movement('same', 5)])),
      ),
    )
    expect(await stores[0].get('stock', 's1.p1')).toMatchObject({ onHand: 5 })
    for (const store of stores) await store.close()
  })

  it('say that the server is away, and go on when it is back', async () => {
    const store = await open(await newDatabase())
    await store.putMasterData('sites', [site('s1')], start)
    await server.kill()
    await expect(store.putMasterData('sites', [site('s2')], start)).rejects.toMatchObject({
      code: 'RT_NOT_READY',
    })
    await expect(store.get('sites', 's1')).rejects.toMatchObject({ code: 'RT_NOT_READY' })
    await server.start()
    await store.putMasterData('sites', [site('s2')], start)
    expect(await store.get('sites', 's1')).toMatchObject({ id: 's1' })
    expect(await changeNumbers(store)).toEqual([1, 2])
    await store.close()
  })
})
