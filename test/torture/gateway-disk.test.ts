import { mkdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createRandom } from '../../runtime/index.ts'
import { checkLedger } from '../support/check-ledger.ts'
import { buildFaultShim } from '../support/fault-shim.ts'
import { temporaryFolder } from '../support/larder-process.ts'
import { startLoneGateway } from '../support/lone-gateway.ts'
import { mountSmallDisk } from '../support/small-disk.ts'
import { startStreamFleet, type StreamFleet } from '../support/stream-fleet.ts'
import { scaled, seed } from '../support/torture.ts'

const rounds = scaled(3, 30)
let folder: ReturnType<typeof temporaryFolder>
let fleet: StreamFleet
beforeEach(async () => {
  folder = temporaryFolder('gateway-disk')
  fleet = await startStreamFleet()
})
afterEach(() => {
  fleet.stop()
  folder.remove()
})

const acknowledgedWithin = (count: number, ms: number, words: string): Promise<void> =>
  Promise.race([
    fleet.acknowledged(count),
    sleep(ms, undefined, { ref: false }).then(() => {
      throw new Error(`not within ${ms} ms: ${words}`)
    }),
  ])

test(`a disk that is full ${rounds} times stops the acknowledgements within a second, and they come back by themselves`, async (context) => {
  const disk = mountSmallDisk(folder.path, scaled(256, 1500))
  if (!disk) {
    console.warn('SKIPPED: a full disk needs the right to mount a tmpfs')
    context.skip()
    return
  }
  const file = join(disk.path, 'log.db')
  const gateway = await startLoneGateway({ file })
  try {
    fleet.stream(gateway.port, false)
    const failures = async (): Promise<number> => (await gateway.report()).appendFailures
    const backMs: number[] = []
    for (let round = 0; round < rounds; round++) {
      await acknowledgedWithin(fleet.count() + 1000, 20_000, 'acknowledgements')
      const failuresBefore = await failures()
      disk.fill()
      // What the journal has already taken from the disk may still be used up.
      for (let waited = 0; (await failures()) === failuresBefore; waited += 20) {
        expect(waited, 'no append failed on a full disk').toBeLessThan(20_000)
        await sleep(20)
      }
      await sleep(1000)
      const atFull = fleet.count()
      await sleep(1500)
      expect(fleet.count(), 'acknowledged on a full disk').toBe(atFull)
      expect(await failures()).toBeGreaterThan(failuresBefore)
      disk.free()
      const freedAt = performance.now()
      await acknowledgedWithin(atFull + 1, 5000, `acknowledgements again\n${gateway.output()}`)
      backMs.push(Math.round(performance.now() - freedAt))
    }
    console.log(`full ${rounds} times; back after ${backMs.join(', ')} ms`)
    await gateway.kill()
    const { messages, faults } = await checkLedger(file, await fleet.ledger())
    expect(faults.slice(0, 10)).toEqual([])
    expect(messages).toBeGreaterThan(rounds * 1000)
  } finally {
    await gateway.kill()
    disk.unmount()
  }
})

test(`an I/O error ends the gateway before it acknowledges anything more, and a new start goes on (${rounds} times, seed ${seed})`, async () => {
  const random = createRandom(seed)
  const work = realpathSync(folder.path)
  const data = join(work, 'watched')
  mkdirSync(data)
  const shim = buildFaultShim(work, data)
  const file = join(data, 'log.db')
  for (let round = 0; round < rounds; round++) {
    const gateway = await startLoneGateway({ file }, { env: shim.env })
    try {
      fleet.stream(gateway.port, false)
      await acknowledgedWithin(fleet.count() + 1000, 20_000, 'acknowledgements')
      await sleep(random.next() * 100)
      let ended: number | null | undefined
      // A call of the mark beside the log may fail without harm: then the next one does.
      for (let tries = 0; ended === undefined && tries < 10; tries++) {
        shim.control.failNext(round % 2 === 0 ? 'sync-error' : 'io-error')
        ended = await Promise.race([gateway.exited, sleep(1000, undefined)])
      }
      expect(ended, gateway.output()).toBe(1)
      expect(gateway.output()).toMatch(/no message is acknowledged|message-log worker ended/)
    } finally {
      shim.control.stop()
      await gateway.kill()
    }
  }
  const gateway = await startLoneGateway({ file })
  fleet.stream(gateway.port, false)
  await acknowledgedWithin(fleet.count() + 1000, 20_000, 'acknowledgements')
  await gateway.kill()
  const { faults } = await checkLedger(file, await fleet.ledger())
  expect(faults.slice(0, 10)).toEqual([])
})
