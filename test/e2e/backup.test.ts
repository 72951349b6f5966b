import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runLarder, startLarder, temporaryFolder } from '../support/larder-process.ts'
import { expectStoredOnce, startPublisher } from '../support/start-publisher.ts'
import { freePort } from '../../scripts/servers/free-port.ts'

const timeoutMs = 120_000
const devices = ['probe-1', 'probe-2', 'probe-3']
const args = ['--sim', 'none', '--speed', '1']

let folder: ReturnType<typeof temporaryFolder>
beforeEach(() => {
  folder = temporaryFolder('backup')
})
afterEach(() => folder.remove())

const at = (name: string): string => join(folder.path, name)

test(
  'a backup made in mid-stream, restored elsewhere, has every message acknowledged before it began exactly once',
  async () => {
    const mqttPort = await freePort()
    const larder = await startLarder(at('data'), { args: [...args, '--mqtt', String(mqttPort)] })
    const ledger = at('acknowledged.txt')
    const publisher = await startPublisher({ larder, mqttPort, ledger, site: 's1', devices })
    let restored = larder
    try {
      const milk = { id: 'milk', name: 'Milk', tempClass: 'chilled', shortageCost: 5, overageCost: 1 } // prettier-ignore
      expect((await larder.request('PUT', '/v1/products/milk', milk)).status).toBeLessThan(300)
      const stock = 'site,product,units\ns1,milk,17\n'
      expect((await larder.request('POST', '/v1/imports', stock)).status).toBe(200)
      while (publisher.acknowledged().length < 2000) await sleep(20)
      const before = publisher.acknowledged()
      const made = await runLarder(['backup', at('copy'), '--data', at('data'), '--json'])
      expect(made, made.stderr).toMatchObject({ code: 0 })
      const afterwards = publisher.acknowledged().length
      expect(afterwards, 'ingest went on').toBeGreaterThan(before.length)
      await larder.kill()
      publisher.kill()

      const list = JSON.parse(readFileSync(at('data/backups.json'), 'utf8')) as unknown[]
      expect(list).toMatchObject([{ folder: at('copy'), state: 'done' }])
      expect(statSync(at('copy')).mode & 0o077).toBe(0)
      const back = await runLarder(['restore', at('copy'), '--data', at('other')])
      expect([back.code, back.stdout]).toMatchObject([0, expect.stringContaining('Restored to')])
      restored = await startLarder(at('other'), { args })
      await expectStoredOnce(restored, 's1', devices, before)
      const { body } = await restored.request('GET', '/v1/stock?site=s1')
      expect(body).toMatchObject({ items: [{ product: 'milk', onHand: 17 }] })
      expect(restored.ownerKey).toBe(larder.ownerKey)
    } finally {
      publisher.kill()
      await larder.kill()
      await restored.kill()
    }
  },
  timeoutMs,
)

test(
  'restore refuses what it should and leaves the folder as it was; what is replaced is kept beside',
  async () => {
    const larder = await startLarder(at('data'), { args })
    const site = { id: 's1', name: 'One', kind: 'store', timeZone: 'Europe/Berlin' }
    const put = (name: string) => larder.request('PUT', '/v1/sites/s1', { ...site, name })
    expect((await put('Before')).status).toBeLessThan(300)
    await larder.stop()
    const backup = (name: string) => runLarder(['backup', at(name), '--data', at('data')])
    const restore = (...more: string[]) => runLarder(['restore', at('copy'), '--data', ...more])

    expect(await backup('copy')).toMatchObject({ code: 0 })
    expect(await backup('copy')).toMatchObject({
      ...{ code: 2, stderr: expect.stringContaining('is there already') as string },
    })
    // Node makes folders in /proc for ever where it is asked for those above too.
    expect(await runLarder(['backup', '/proc/nope', '--data', at('data')])).toMatchObject({
      ...{ code: 2, stderr: expect.stringContaining('Nothing can be made in /proc') as string },
    })
    expect(await restore(at('data'))).toMatchObject({
      ...{ code: 1, stderr: expect.stringContaining('is not empty') as string },
    })

    const series = at('copy/data/series.db')
    const whole = readFileSync(series)
    const broken = Buffer.from(whole)
    broken[5000]! ^= 1
    writeFileSync(series, broken)
    const files = readdirSync(at('data'))
    expect(await restore(at('data'), '--replace')).toMatchObject({
      ...{ code: 1, stderr: expect.stringContaining('The backup is damaged') as string },
    })
    expect(readdirSync(at('data'))).toEqual(files)
    writeFileSync(series, whole)

    const manifestFile = at('copy/manifest.json')
    const manifest = JSON.parse(readFileSync(manifestFile, 'utf8')) as object
    writeFileSync(manifestFile, JSON.stringify({ ...manifest, schemas: { operations: 99 } }))
    expect(await restore(at('data'), '--replace')).toMatchObject({
      ...{ code: 1, stderr: expect.stringContaining('newer Larder') as string },
    })
    writeFileSync(manifestFile, JSON.stringify(manifest))

    writeFileSync(at('data/mine.txt'), 'of the owner')
    // A restore that was killed before it was decided.
    mkdirSync(at('data/restoring'))
    expect(await restore(at('data'), '--replace')).toMatchObject({ code: 0 })
    expect(readFileSync(at('data/mine.txt'), 'utf8')).toBe('of the owner')
    expect(readdirSync(at('data/replaced-1'))).toContain('operations.db')
    const again = await startLarder(at('data'), { args })
    try {
      const { body } = await again.request('GET', '/v1/sites/s1')
      expect(body).toMatchObject({ name: 'Before' })
      expect(await restore(at('data'), '--replace')).toMatchObject({
        ...{ code: 1, stderr: expect.stringContaining('Another Larder') as string },
      })
    } finally {
      await again.kill()
    }
  },
  timeoutMs,
)
