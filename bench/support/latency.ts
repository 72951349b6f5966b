import type { PaceResult } from '../../test/support/load-fleet.ts'
import { startLoadFleet } from '../../test/support/load-fleet.ts'
import { startMosquitto } from './mosquitto.ts'
import { withGateway, type Append } from './with-gateway.ts'

const devices = 1000
const perSecond = 1000

async function measure(append: Append, seconds: number): Promise<PaceResult> {
  return withGateway(append, async ({ fleet, gateway }) => {
    await fleet.connect(gateway.port, devices)
    await fleet.pace(2, perSecond)
    return fleet.pace(seconds, perSecond)
  })
}

/** Null where it is not installed. It acknowledges before it stores anything. */
async function measureMosquitto(seconds: number): Promise<PaceResult | null> {
  const mosquitto = await startMosquitto()
  if (!mosquitto) return null
  const fleet = await startLoadFleet()
  try {
    await fleet.connect(mosquitto.port, devices)
    await fleet.pace(2, perSecond)
    return await fleet.pace(seconds, perSecond)
  } finally {
    fleet.stop()
    mosquitto.stop()
  }
}

/** Milliseconds until a message is acknowledged, one in flight per device. */
export async function measureLatency(seconds: number) {
  return {
    what: 'milliseconds from PUBLISH to PUBACK, one in flight per device',
    ...{ devices, perSecond, seconds },
    durable: await measure('durable', seconds),
    stubbed: await measure('stubbed', seconds),
    mosquitto: (await measureMosquitto(seconds)) ?? 'not installed: apt-get install mosquitto',
    goal: { p99: 10 },
  }
}
