import { requireOpenFiles } from '../../test/support/load-fleet.ts'
import { withGateway } from './with-gateway.ts'

/** Devices that come back at once after the gateway was killed and started again. */
export async function measureStorm(devices: number) {
  requireOpenFiles(devices)
  return withGateway('durable', async ({ fleet, gateway, restart }) => {
    await fleet.connect(gateway.port, devices)
    const next = await restart()
    const before = await next.report()
    const back = await fleet.connect(next.port, devices)
    const { rssMb, refused, cpuSeconds } = await next.report()
    return {
      what: 'seconds until devices that come back at once are served',
      ...back,
      ...{ rssMb, refusedByGateway: refused },
      cpuSeconds: Number((cpuSeconds - before.cpuSeconds).toFixed(2)),
      goal: { allBackSeconds: devices > 2000 ? 6 : 3, refused: 0 },
    }
  })
}
