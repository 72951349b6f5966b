import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createRandom } from '../../runtime/index.ts'
import { freePort } from '../../scripts/servers/free-port.ts'
import { site, startEdgeAndHub, until } from '../support/edge-and-hub.ts'
import { startFaultProxy, type FaultProxy, type Faults } from '../support/fault-proxy.ts'
import { expectStoredOnce, startPublisher } from '../support/start-publisher.ts'
import { scaled, seed } from '../support/torture.ts'

const uplinkCuts = scaled(50, 500)
const deviceCuts = 50
const timeoutMs = scaled(240_000, 3_600_000)

/** Within a batch, between two, before the first answer: wherever it falls. */
const onUplink: Faults = { maxBytes: 60_000, halfOpenShare: 0.1, halfOpenMs: 1500, maxDelayMs: 4 }
const onDevices: Faults = { maxBytes: 40_000, halfOpenShare: 0.1, halfOpenMs: 1500, maxDelayMs: 4 }

test(
  `after ${uplinkCuts} cuts between edge and hub and ${deviceCuts} between devices and edge nothing is lost, doubled, or left in memory (seed ${seed})`,
  async () => {
    const random = createRandom(seed)
    const proxies: FaultProxy[] = []
    const proxyTo = async (to: number, port: number): Promise<FaultProxy> => {
      const proxy = await startFaultProxy({ to, port, random })
      proxies.push(proxy)
      return proxy
    }
    const uplinkPort = await freePort()
    const both = await startEdgeAndHub('g7', {
      async uplinkPort(hubPort) {
        await proxyTo(hubPort, uplinkPort)
        return uplinkPort
      },
    })
    const uplink = proxies[0]!
    const toDevices = await proxyTo(both.edgePort, await freePort())
    const ledger = join(both.folder, 'acknowledged.txt')
    const devices = ['probe-1', 'probe-2', 'probe-3', 'probe-4']
    const publisher = await startPublisher({
      ...{ larder: both.edge(), mqttPort: toDevices.port, ledger, site, devices, pauseMs: 200 },
    })
    /** What the edge holds on to, least of the samples: what a collection has not looked at yet is no leak. */
    const held: { readonly cuts: number; readonly bytes: number }[] = []
    const sample = async (): Promise<void> => {
      const heap = await both.metric('nodejs_heap_size_used_bytes')
      const external = await both.metric('nodejs_external_memory_bytes')
      held.push({ cuts: uplink.cuts(), bytes: heap + external })
    }
    const leastHeld = (fromShare: number, toShare: number): number =>
      Math.min(
        ...held
          .filter(({ cuts }) => cuts >= uplinkCuts * fromShare && cuts <= uplinkCuts * toShare)
          .map(({ bytes }) => bytes),
      )
    try {
      for (const device of devices)
        await both.hub().request('POST', '/v1/devices', { site, device, kind: 'probe' })
      uplink.setFaults(onUplink)
      toDevices.setFaults(onDevices)
      await until(
        async () => {
          await sample()
          return uplink.cuts() >= uplinkCuts && toDevices.cuts() >= deviceCuts
        },
        timeoutMs,
        'all cuts',
      )
      uplink.setFaults(null)
      toDevices.setFaults(null)
      await sleep(500)
      await publisher.stop()
      await until(
        async () => (await both.metric('larder_gateway_backlog_messages')) === 0,
        60_000,
        'no backlog is left',
      )
      const acknowledged = publisher.acknowledged()
      await expectStoredOnce(both.hub(), site, devices, acknowledged)
      expect(await both.metric('larder_gateway_dropped_total')).toBe(0)
      const grownMb = (leastHeld(0.7, 2) - leastHeld(0.1, 0.4)) / 2 ** 20
      console.log(
        JSON.stringify({
          ...{ seed, uplinkCuts: uplink.cuts(), deviceCuts: toDevices.cuts() },
          ...{ acknowledged: acknowledged.length, grownMb: Number(grownMb.toFixed(1)) },
          connections: await both.metric('larder_gateway_uplink_connections_total'),
        }),
      )
      // The heap is not collected whole in so short a time: what is held on to shows in the long form.
      expect(grownMb).toBeLessThan(32)
    } finally {
      publisher.kill()
      await both.stop()
      for (const proxy of proxies) await proxy.stop()
    }
  },
  timeoutMs,
)
