import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createRandom } from '../../runtime/index.ts'
import { checkLedger } from '../support/check-ledger.ts'
import { temporaryFolder } from '../support/larder-process.ts'
import { countNumbers } from '../support/ledger.ts'
import { startLoneGateway } from '../support/lone-gateway.ts'
import { startStreamFleet } from '../support/stream-fleet.ts'
import { scaled, seed } from '../support/torture.ts'

const kills = scaled(50, 500)
const wantedAcknowledgements = scaled(250_000, 5_000_000)
const perKill = wantedAcknowledgements / kills

test(`after ${kills} SIGKILLs in mid-stream every acknowledged message is in the log, and none is invented (seed ${seed})`, async () => {
  const random = createRandom(seed)
  const folder = temporaryFolder('gateway-kill')
  const file = join(folder.path, 'log.db')
  const fleet = await startStreamFleet()
  try {
    for (let kill = 0; kill < kills; kill++) {
      const gateway = await startLoneGateway({ file })
      const before = fleet.count()
      fleet.stream(gateway.port, kill % 2 === 1)
      await fleet.acknowledged(before + perKill)
      await sleep(random.next() * 60)
      await gateway.kill()
    }
    const ledger = await fleet.ledger()
    const { messages, wills, faults } = await checkLedger(file, ledger)
    const acknowledged = ledger.devices.reduce(
      (sum, one) => sum + countNumbers(one.acknowledged),
      0,
    )
    console.log(
      `${kills} kills: ${acknowledged} acknowledged, ${messages} in the log, ${wills} Wills, ${ledger.watched.length} seen by a subscriber`,
    )
    expect(faults.slice(0, 10)).toEqual([])
    expect(acknowledged).toBeGreaterThanOrEqual(wantedAcknowledgements)
    for (const { acknowledged: spans, topic } of ledger.devices)
      expect(countNumbers(spans), topic).toBeGreaterThan(kills * 10)
    expect(wills).toBeGreaterThan(kills / 5)
    expect(ledger.watched.length).toBeGreaterThan(kills)
  } finally {
    fleet.stop()
    folder.remove()
  }
})
