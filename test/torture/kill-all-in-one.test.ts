import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { freePort } from '../../scripts/servers/free-port.ts'
import { createRandom } from '../../runtime/index.ts'
import { startLarder, temporaryFolder } from '../support/larder-process.ts'
import { expectStoredOnce, startPublisher } from '../support/start-publisher.ts'
import { scaled, seed } from '../support/torture.ts'

const kills = scaled(10, 500)
const devices = ['probe-1', 'probe-2', 'probe-3', 'probe-4']

test(`after ${kills} SIGKILLs of the whole of Larder in mid-stream every acknowledged message is stored once and in order (seed ${seed})`, async () => {
  const folder = temporaryFolder('kill-all')
  const data = join(folder.path, 'data')
  const mqttPort = await freePort()
  const args = ['--sim', 'none', '--mqtt', String(mqttPort), '--http', '0', '--speed', '1']
  const random = createRandom(seed)
  let larder = await startLarder(data, { args })
  const ledger = join(folder.path, 'acknowledged.txt')
  const publisher = await startPublisher({
    larder,
    mqttPort,
    ledger,
    site: 'kill',
    devices,
    pauseMs: 50,
  })
  try {
    for (let kill = 0; kill < kills; kill++) {
      const before = publisher.acknowledged().length
      while (publisher.acknowledged().length === before) await sleep(20)
      // From the first batches on, and up to the middle of a checkpoint.
      await sleep(random.next() * 700)
      await larder.kill()
      larder = await startLarder(data, { args })
    }
    await publisher.stop()
    const acknowledged = publisher.acknowledged()
    console.log(`${kills} kills: ${acknowledged.length} acknowledged`)
    expect(acknowledged.length).toBeGreaterThan(kills * 20)
    await expectStoredOnce(larder, 'kill', devices, acknowledged)
    for (const device of devices) expect(await receivedOutOfOrder(device)).toEqual([])
  } finally {
    publisher.kill()
    await larder.kill()
    folder.remove()
  }

  /** Seqs that were received before the one before them: the order of the log is the device's. */
  async function receivedOutOfOrder(device: string): Promise<readonly number[]> {
    const wrong: number[] = []
    let [newest, cursor]: [number, string | null] = [0, '']
    while (cursor !== null) {
      const query = new URLSearchParams({
        ...{ site: 'kill', device, channel: 'celsius', limit: '10000' },
        ...(cursor === '' ? {} : { cursor }),
      })
      const { body } = await larder.request('GET', `/v1/readings?${query.toString()}`)
      const page = body as { items: { seq: number; receivedAt: string }[]; next: string | null }
      for (const { seq, receivedAt } of page.items) {
        const at = Date.parse(receivedAt)
        if (at < newest) wrong.push(seq)
        newest = Math.max(newest, at)
      }
      cursor = page.next
    }
    return wrong
  }
})
