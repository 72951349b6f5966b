import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createRandom } from '../../runtime/index.ts'
import { startLarder, temporaryFolder } from '../support/larder-process.ts'
import { expectStoredOnce, startPublisher } from '../support/start-publisher.ts'
import { freePort } from '../../scripts/servers/free-port.ts'

const kills = 10
/** Ten starts of the whole of Larder: under 60 s by themselves, several times that on a busy machine. */
const timeoutMs = 420_000
const seed = Number(process.env.LARDER_TEST_SEED ?? 1)

test(
  `after ${kills} SIGKILLs in mid-stream every acknowledged message is stored exactly once (seed ${seed})`,
  async () => {
    const folder = temporaryFolder('kill')
    const data = join(folder.path, 'data')
    const mqttPort = await freePort()
    const args = ['--sim', 'none', '--mqtt', String(mqttPort), '--http', '0', '--speed', '1']
    const random = createRandom(seed)
    const devices = ['probe-1', 'probe-2', 'probe-3', 'probe-4']
    let larder = await startLarder(data, { args })
    const ledger = join(folder.path, 'acknowledged.txt')
    const publisher = await startPublisher({ larder, mqttPort, ledger, site: 'kill', devices })
    try {
      for (let kill = 0; kill < kills; kill++) {
        const before = publisher.acknowledged().length
        while (publisher.acknowledged().length === before) await sleep(20)
        await sleep(100 + random.next() * 500)
        await larder.kill()
        larder = await startLarder(data, { args })
      }
      await publisher.stop()
      expect(publisher.acknowledged().length).toBeGreaterThan(kills * 20)
      await expectStoredOnce(larder, 'kill', devices, publisher.acknowledged())
    } finally {
      publisher.kill()
      await larder.kill()
      folder.remove()
    }
  },
  timeoutMs,
)
