import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { startLarder, temporaryFolder } from '../support/larder-process.ts'
import { mountSmallDisk } from '../support/small-disk.ts'
import { expectStoredOnce, startPublisher } from '../support/start-publisher.ts'

const folder = temporaryFolder('disk-full')
afterAll(() => folder.remove())

const until = async (isTrue: () => boolean, withinMs: number, words: string): Promise<void> => {
  const deadline = performance.now() + withinMs
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${words}`)
    await sleep(20)
  }
}

test('on a full disk nothing is acknowledged that is not kept, and it goes on by itself once there is space', async (context) => {
  const disk = mountSmallDisk(folder.path, 64)
  if (!disk) {
    console.warn('SKIPPED: a full disk needs the right to mount a tmpfs')
    context.skip()
    return
  }
  const devices = ['probe-1', 'probe-2']
  const larder = await startLarder(join(disk.path, 'data'))
  const { mqttPort } = larder
  const ledger = join(folder.path, 'acknowledged.txt')
  const publisher = await startPublisher({ larder, mqttPort, ledger, site: 'full', devices })
  const count = (): number => publisher.acknowledged().length
  try {
    await until(() => count() > 200, 20_000, 'acknowledgements')

    disk.fill()
    await until(() => /disk of .*log\.db is full/.test(larder.output()), 20_000, 'a sentence')
    await sleep(1_000)
    const atFull = count()
    // Long enough for all that Larder writes from time to time to meet the full disk too.
    await sleep(8_000)
    expect(count()).toBe(atFull)
    expect(larder.child.exitCode, larder.output()).toBe(null)
    expect((await larder.request('GET', '/v1/status')).status).toBe(200)

    disk.free()
    await until(() => count() > atFull, 5_000, `acknowledgements again\n${larder.output()}`)
    await until(() => count() > atFull + 200, 20_000, 'more acknowledgements')
    await publisher.stop()
    await expectStoredOnce(larder, 'full', devices, publisher.acknowledged())
    expect(await larder.stop(), larder.output()).toBe(0)
  } finally {
    publisher.kill()
    await larder.kill()
    disk.unmount()
  }
})
