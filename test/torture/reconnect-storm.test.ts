import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/larder-process.ts'
import { requireOpenFiles, startLoadFleet } from '../support/load-fleet.ts'
import { startLoneGateway } from '../support/lone-gateway.ts'
import { scaled } from '../support/torture.ts'

const devices = scaled(2000, 9000)
/** Far beyond the goal, which bench/ measures on an idle machine: this only tells back from never back. */
const allBackWithinSeconds = 60

test(`${devices} devices that come back at once after the gateway was killed are all served, none is refused`, async () => {
  requireOpenFiles(devices)
  const folder = temporaryFolder('storm')
  const file = join(folder.path, 'log.db')
  const fleet = await startLoadFleet()
  let gateway = await startLoneGateway({ file })
  try {
    await fleet.connect(gateway.port, devices)
    expect((await gateway.report()).connections).toBe(devices)
    for (let storm = 0; storm < 2; storm++) {
      await gateway.kill()
      gateway = await startLoneGateway({ file })
      const back = await fleet.connect(gateway.port, devices)
      const { rssMb, refused, connections, acknowledged } = await gateway.report()
      console.log(JSON.stringify({ storm, ...back, rssMb }))
      expect([back.refused, refused]).toEqual([0, 0])
      expect([connections, acknowledged]).toEqual([devices, devices])
      expect(back.allDataSeconds).toBeLessThan(allBackWithinSeconds)
    }
  } finally {
    fleet.stop()
    await gateway.kill()
    folder.remove()
  }
})
