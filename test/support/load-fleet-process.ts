import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fleetLogin } from './fleet-registry.ts'
import { percentiles, type ConnectResult, type LoadOrder, type PaceResult } from './load-fleet.ts'
import { connectRaw, packetType, publishFrame, textField } from './raw-mqtt.ts'

/** Devices that log in, publish and measure as they are told. One process, so that one clock measures. See load-fleet.ts. */
const site = 's1'

interface Device {
  readonly name: string
  readonly topic: Buffer
  socket: Socket | null
  sentAt: number
  onAcknowledged: (device: Device) => void
}
const devices: Device[] = []
const nothing = (): void => undefined

const payloadOf = (bytes: number): Buffer =>
  Buffer.from(
    JSON.stringify({ seq: 1, boot: '9f2c51d07be34a18', values: { units: 12, grams: 6120 } }).padEnd(
      bytes,
    ),
  )

function publish(device: Device, payload: Buffer, count = 1, firstId = 1): void {
  const frames = Array.from({ length: count }, (_, index) =>
    publishFrame(device.topic, payload, { id: firstId + index, qos: 1 }),
  )
  device.sentAt = performance.now()
  device.socket?.write(count === 1 ? frames[0]! : Buffer.concat(frames))
}

/** All at once; one that is refused or cut off tries again. */
async function connectAll(port: number, count: number, bytes: number): Promise<ConnectResult> {
  const payload = payloadOf(bytes)
  const startedAt = performance.now()
  const connected: number[] = []
  const acknowledged: number[] = []
  let refused = 0
  while (devices.length < count) {
    const name = `d${devices.length}`
    const topic = textField(`v1/${site}/${name}/telemetry`)
    devices.push({ name, topic, socket: null, sentAt: 0, onAcknowledged: nothing })
  }
  const connectOne = async (device: Device): Promise<void> => {
    const login = { ...fleetLogin(site, device.name), keepAliveSeconds: 600 }
    while (!device.socket) {
      try {
        device.socket = await connectRaw(port, login, (type) => {
          if (type === packetType.puback) device.onAcknowledged(device)
        })
      } catch {
        refused++
        await sleep(200)
      }
    }
    device.socket.once('close', () => (device.socket = null))
    connected.push(performance.now() - startedAt)
    await new Promise<void>((resolve) => {
      device.onAcknowledged = () => resolve()
      publish(device, payload)
    })
    acknowledged.push(performance.now() - startedAt)
    device.onAcknowledged = nothing
  }
  await Promise.all(devices.slice(0, count).map(connectOne))
  const seconds = (ms: number): number => Number((ms / 1000).toFixed(2))
  return {
    devices: count,
    refused,
    allBackSeconds: seconds(Math.max(...connected)),
    p99Seconds: seconds(percentiles(connected).p99),
    firstDataSeconds: seconds(Math.min(...acknowledged)),
    allDataSeconds: seconds(Math.max(...acknowledged)),
  }
}

/** As many as come back, each device with so many in flight. */
async function saturate(seconds: number, inFlight: number, bytes: number): Promise<number> {
  const payload = payloadOf(bytes)
  let acknowledged = 0
  for (const device of devices) {
    let [nextId, due] = [inFlight + 1, 0]
    // What one read brings is answered by one write.
    const refill = (): void => {
      publish(device, payload, due, nextId)
      nextId = nextId + 2 * due > 65_000 ? 1 : nextId + due
      due = 0
    }
    device.onAcknowledged = () => {
      acknowledged++
      if (due++ === 0) queueMicrotask(refill)
    }
    publish(device, payload, inFlight)
  }
  await sleep(500)
  const [before, startedAt] = [acknowledged, performance.now()]
  await sleep(seconds * 1000)
  const perSecond = (acknowledged - before) / ((performance.now() - startedAt) / 1000)
  for (const device of devices) device.onAcknowledged = nothing
  await sleep(500)
  return Math.round(perSecond)
}

/** Evenly spread over the devices, each with one in flight. */
async function pace(seconds: number, perSecond: number, bytes: number): Promise<PaceResult> {
  const payload = payloadOf(bytes)
  const latencies: number[] = []
  const isWaiting = new Set<Device>()
  let [sent, skipped] = [0, 0]
  const onAcknowledged = (device: Device): void => {
    isWaiting.delete(device)
    latencies.push(performance.now() - device.sentAt)
  }
  for (const device of devices) device.onAcknowledged = onAcknowledged
  const startedAt = performance.now()
  const end = startedAt + seconds * 1000
  for (let now = startedAt; now < end; now = performance.now()) {
    const due = Math.floor(((now - startedAt) / 1000) * perSecond)
    for (; sent < due; sent++) {
      const device = devices[sent % devices.length]!
      if (isWaiting.has(device)) {
        skipped++
        continue
      }
      isWaiting.add(device)
      publish(device, payload)
    }
    await sleep(1)
  }
  await sleep(1000)
  return {
    ...percentiles(latencies),
    messages: latencies.length,
    notAcknowledged: isWaiting.size,
    skipped,
  }
}

async function carryOut(order: LoadOrder): Promise<unknown> {
  switch (order.kind) {
    case 'connect':
      return connectAll(order.port, order.devices, order.bytes)
    case 'saturate':
      return saturate(order.seconds, order.inFlight, order.bytes)
    case 'pace':
      return pace(order.seconds, order.perSecond, order.bytes)
    case 'disconnect':
      for (const { socket } of devices) socket?.destroy()
      devices.length = 0
      return true
  }
}

process.on('message', (order: LoadOrder) => {
  void carryOut(order).then((result) => process.send!(result))
})
