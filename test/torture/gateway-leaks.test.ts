import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { fleetLogin } from '../support/fleet-registry.ts'
import { startLoneGateway } from '../support/lone-gateway.ts'
import {
  connectRaw,
  packetType,
  publishFrame,
  subscribeFrame,
  textField,
} from '../support/raw-mqtt.ts'
import { scaled } from '../support/torture.ts'

const rounds = scaled(8, 40)
const perRound = 500
const atOnce = 25
const devices = 1000

it('keeps nothing of thousands of connections that come and go', async () => {
  const gateway = await startLoneGateway({ file: null }, { nodeArgs: ['--expose-gc'] })
  const files = (): number => readdirSync(`/proc/${gateway.pid}/fd`).length
  let number = 0

  /** Comes, subscribes, publishes, and goes in one of the ways there are. */
  const visit = async (): Promise<void> => {
    const n = number++
    const device = `d${n % devices}`
    const login = { ...fleetLogin('s1', device), keepAliveSeconds: 60 }
    const will = { topic: `v1/s1/${device}/state`, payload: 'offline', retain: true }
    let wake: () => void = () => undefined
    const acknowledged = new Promise<void>((resolve) => (wake = resolve))
    const socket = await connectRaw(
      gateway.port,
      n % 2 === 0 ? { ...login, will } : login,
      (type) => {
        if (type === packetType.puback) wake()
      },
    )
    socket.write(subscribeFrame(1, `v1/s1/${device}/command`))
    const topic = textField(`v1/s1/${device}/telemetry`)
    socket.write(publishFrame(topic, Buffer.alloc(100), { id: 2, qos: 1 }))
    await acknowledged
    if (n % 4 === 1) socket.write(Buffer.from('e000', 'hex'))
    else if (n % 4 === 2) socket.write(publishFrame(topic, Buffer.alloc(100), { id: 0, qos: 1 }))
    else socket.destroy()
    if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
  }
  const visitRound = async (): Promise<number> => {
    for (let left = perRound; left > 0; left -= atOnce)
      await Promise.all(Array.from({ length: atOnce }, visit))
    for (let waited = 0; (await gateway.report()).connections > 0 && waited < 100; waited++)
      await sleep(20)
    const { heapMb, externalMb } = await gateway.report()
    return heapMb + externalMb
  }

  // Every device once or more: what is kept of each, its retained state, is kept from here on.
  for (let round = 0; round < (2 * devices) / perRound; round++) await visitRound()
  const filesBefore = files()
  const heldMb: number[] = []
  for (let round = 0; round < rounds; round++) heldMb.push(await visitRound())
  const { connections } = await gateway.report()
  console.log(`${number} connections came and went; held by round ${heldMb.join(' ')} MB`)
  expect(connections).toBe(0)
  expect(files() - filesBefore).toBeLessThanOrEqual(2)
  const [first, last] = [Math.max(...heldMb.slice(0, 3)), Math.min(...heldMb.slice(-3))]
  expect(last - first).toBeLessThanOrEqual(2)
  await gateway.kill()
})
