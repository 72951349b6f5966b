import { requireOpenFiles } from '../../test/support/load-fleet.ts'
import { withGateway } from './with-gateway.ts'

/** Devices that come back at once after the gateway was killed and started again. */
export async function measureStorm(devices: number) {
  requireOpenFiles(devices)
  return withGateway('durable', async ({ fleet, gateway, restart }) => {
    await fleet.connect(gateway.port, devices)
    const next = await restart()
    const back = await fleet.connect(next.port, devices)
    const { rssMb, refused } = await next.report()
    return {
      what: 'seconds until devices that come back at once are served',
      ...back,
      ...{ rssMb, refusedByGateway: refused },
      goal: { allBackSeconds: devices > 2000 ? 6 : 3, refused: 0 },
    }
  })
}
