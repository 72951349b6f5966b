import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createRandom } from '../../runtime/index.ts'
import { registerAtHub, writeBacklog } from '../support/edge-backlog.ts'
import { freePort } from '../../scripts/servers/free-port.ts'
import { site, startEdgeAndHub, until } from '../support/edge-and-hub.ts'
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts'
import { expectStoredOnce, startPublisher } from '../support/start-publisher.ts'
import { scaled, seed } from '../support/torture.ts'

const devices = 200
/** One message of each device every ten seconds: an hour, and a day. */
const messages = scaled(72_000, 1_728_000)
const cutHours = messages / devices / 360
const timeoutMs = scaled(240_000, 3_600_000)

test(
  `after a cut of ${cutHours} h every message is at the hub once, and live ones pass the backlog by within 10 s`,
  async () => {
    let line: FaultProxy | undefined
    const linePort = await freePort()
    const both = await startEdgeAndHub('g6', {
      async uplinkPort(to) {
        line = await startFaultProxy({ to, port: linePort, random: createRandom(seed) })
        return linePort
      },
    })
    const ledger = join(both.folder, 'acknowledged.txt')
    const live = ['probe-1', 'probe-2']
    try {
      await until(
        async () => (await both.metric('larder_gateway_uplink_connected')) === 1,
        20_000,
        'the edge is connected',
      )
      line!.down()
      await both.edge().stop()
      const options = { messages, devices, firstSeq: 0 }
      const backlog = await writeBacklog(both.folder, options)
      await registerAtHub(both.hub(), [...backlog.devices, ...live])
      await both.startEdge()
      const publisher = await startPublisher({
        ...{ larder: both.edge(), mqttPort: both.edgePort, ledger, site, devices: live },
        pauseMs: 500,
      })
      try {
        await sleep(1000)
        const waiting = await both.metric('larder_gateway_backlog_messages')
        expect(waiting).toBeGreaterThanOrEqual(messages)
        line!.up()
        await until(
          async () => (await both.metric('larder_gateway_uplink_connected')) === 1,
          40_000,
          'the edge is connected again',
        )
        const startedAt = performance.now()
        let longestLag = 0
        for (let left = waiting; left > 0;) {
          if (performance.now() - startedAt > timeoutMs) throw new Error(`${left} are left`)
          await sleep(100)
          longestLag = Math.max(longestLag, await both.metric('larder_gateway_live_lag_seconds'))
          left = await both.metric('larder_gateway_backlog_messages')
        }
        const seconds = (performance.now() - startedAt) / 1000
        await publisher.stop()
        console.log(
          JSON.stringify({
            ...{ messages, cutHours, seconds: Number(seconds.toFixed(1)) },
            perSecond: Math.round(waiting / seconds),
            timesRealTime: Math.round((cutHours * 3600) / seconds),
            longestLag: Number(longestLag.toFixed(2)),
          }),
        )
        expect(longestLag).toBeLessThan(10)
        expect(await both.metric('larder_gateway_dropped_total')).toBe(0)
        await expectStoredOnce(both.hub(), site, live, publisher.acknowledged())
        await expectStoredOnce(both.hub(), site, backlog.devices, backlog.lines)
      } finally {
        publisher.kill()
      }
    } finally {
      await both.stop()
      await line?.stop()
    }
  },
  timeoutMs,
)
