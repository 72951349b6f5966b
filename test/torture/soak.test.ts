import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startLarder, temporaryFolder } from '../support/larder-process.ts'
import type { RoadCredential } from '../support/road-load.ts'
import { startSoakLoad } from '../support/soak-load.ts'
import { scaled, seed } from '../support/torture.ts'
import { until } from '../support/until.ts'

const soakMs = scaled(180_000, 2 * 3_600_000)
const faultEveryMs = scaled(10_000, 20_000)
const ceilingMs = 4_000
const site = 'soak'
const devices = 20
const channel = 'celsius'

test(`${soakMs / 1000} seconds at half of what it can, with cuts and pauses: nothing lost or doubled, memory and files level (seed ${seed})`, async () => {
  const folder = temporaryFolder('soak')
  const larder = await startLarder(join(folder.path, 'data'), {
    args: ['--sim', 'none', '--speed', '1'],
  })
  const pid = larder.child.pid!
  const rssMb = (): number =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
  const files = (): number => readdirSync(`/proc/${pid}/fd`).length
  try {
    const from = new Date().toISOString()
    const credentials: RoadCredential[] = []
    for (let i = 0; i < devices; i++) {
      const device = { site, device: `probe-${i}`, kind: 'probe' }
      const { status, body } = await larder.request('POST', '/v1/devices', device)
      expect(status).toBe(201)
      credentials.push(body as RoadCredential)
    }
    const load = startSoakLoad(larder.mqttPort, credentials)
    await sleep(ceilingMs)
    const ceiling = load.acknowledged() / (ceilingMs / 1000)
    load.setRate(Math.floor(ceiling / 2))
    await sleep(2_000)
    const filesBefore = files()
    const held: number[] = []
    const end = performance.now() + soakMs
    for (let fault = 0; performance.now() < end; fault++) {
      await sleep(faultEveryMs)
      held.push(rssMb())
      if (fault % 2 === 0) load.cut()
      else {
        larder.child.kill('SIGSTOP')
        await sleep(500)
        larder.child.kill('SIGCONT')
      }
    }
    await sleep(1_000)
    const filesAfter = files()
    const acknowledged = await load.finish()

    const stored = async (): Promise<readonly number[]> => {
      const query = new URLSearchParams({ site, channel, from, to: later(), by: 'device' })
      const { body } = await larder.request('GET', `/v1/readings/hourly?${query.toString()}`)
      const { items } = body as { items: { device: string; hours: { count: number }[] }[] }
      const counts = new Map(
        items.map(({ device, hours }) => [
          device,
          hours.reduce((sum, { count }) => sum + count, 0),
        ]),
      )
      return credentials.map((_, i) => counts.get(`probe-${i}`) ?? 0)
    }
    await until(async () => String(await stored()) === String(acknowledged), 60_000).catch(
      () => undefined,
    )
    expect(await stored()).toEqual(acknowledged)
    const third = Math.ceil(held.length / 3)
    const [middle, last] = [held.slice(third, 2 * third), held.slice(2 * third)].map(median)
    console.log(
      `${Math.round(ceiling)} messages/s at most, ${acknowledged.reduce((a, b) => a + b, 0)} at half of it; ${middle} MB, then ${last}; ${filesBefore} files, then ${filesAfter}`,
    )
    expect(last!, 'memory of the last third beside the one before').toBeLessThan(middle! * 1.1 + 20)
    expect(filesAfter).toBeLessThanOrEqual(filesBefore + 4)
  } finally {
    await larder.kill()
    folder.remove()
  }
})

const later = (): string => new Date(Date.now() + 3_600_000).toISOString()

function median(values: readonly number[]): number {
  return Math.round([...values].sort((a, b) => a - b)[values.length >> 1] ?? 0)
}
