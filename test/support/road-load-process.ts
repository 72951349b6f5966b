import type { Socket } from 'node:net'
import { percentiles } from './load-fleet.ts'
import { connectRaw, packetType, textField } from './raw-mqtt.ts'
import type { RoadCredential, RoadOrder, RoadResult } from './road-load.ts'

/** See road-load.ts. It shares its machine with what it measures, so a message costs it as little as it can. */
const boot = '9f2c51d07be34a18'
const mostFrame = 1024
/** Latencies of one in so many messages are kept. */
const sampleEvery = 7

interface Device {
  readonly socket: Socket
  readonly topic: Buffer
  /** When each id was written, by id. */
  readonly sentAt: Float64Array
  seq: number
  at: number
  id: number
  inFlight: number
  left: number
  onAcknowledged: (id: number) => void
}

const devices: Device[] = []
const chunk = Buffer.allocUnsafe(256 * mostFrame)
let acknowledged = 0

async function connectAll(port: number, credentials: readonly RoadCredential[]): Promise<void> {
  for (const credential of credentials) {
    const socket = await connectRaw(
      port,
      { ...credential, keepAliveSeconds: 600 },
      (type, body) => {
        if (type === packetType.puback) device.onAcknowledged(body.readUInt16BE(0))
      },
    )
    const device: Device = {
      ...{ socket, topic: textField(`v1/${credential.username}/telemetry`) },
      sentAt: new Float64Array(65_536),
      ...{ seq: 0, at: 0, id: 0, inFlight: 0, left: 0, onAcknowledged: () => undefined },
    }
    devices.push(device)
  }
}

/** Writes one PUBLISH at `at` of the chunk; where it ends. */
function writeFrame(device: Device, bytes: number, now: number, at: number): number {
  const { topic } = device
  device.id = (device.id % 65_535) + 1
  device.at = Math.max(device.at + 1, now)
  const seq = ++device.seq
  const values = `{"celsius":${(2 + (seq % 97) / 25).toFixed(2)},"humidityPct":${60 + (seq % 13)}.5,"doorOpen":${seq & 1},"batteryPct":90,"rssiDbm":-${50 + (seq % 20)}}`
  const payload = `{"seq":${seq},"boot":"${boot}","at":${device.at},"values":${values}}`.padEnd(
    bytes,
  )
  const length = topic.length + 2 + payload.length
  chunk[at++] = 0x32
  if (length > 127) {
    chunk[at++] = (length & 127) | 128
    chunk[at++] = length >> 7
  } else chunk[at++] = length
  at += topic.copy(chunk, at)
  chunk[at++] = device.id >> 8
  chunk[at++] = device.id & 255
  return at + chunk.write(payload, at, 'latin1')
}

/** At most as many as the window leaves room for; how many it were. */
function send(device: Device, most: number, bytes: number): number {
  const count = Math.min(most, device.left, 256)
  if (count <= 0) return 0
  const written = performance.now()
  const now = Date.now()
  let end = 0
  for (let i = 0; i < count; i++) {
    end = writeFrame(device, bytes, now, end)
    device.sentAt[device.id] = written
  }
  device.left -= count
  device.inFlight += count
  device.socket.write(Buffer.from(chunk.subarray(0, end)))
  return count
}

async function publish(order: Extract<RoadOrder, { kind: 'publish' }>): Promise<RoadResult> {
  const { messages, window, perSecond, bytes } = order
  const latencies: number[] = []
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  let done = 0
  await new Promise<void>((resolve, reject) => {
    for (const [index, device] of devices.entries()) {
      device.left = Math.floor(((index + 1) * messages) / devices.length)
      device.left -= Math.floor((index * messages) / devices.length)
      let isRefilling = false
      const refill = (): void => {
        isRefilling = false
        send(device, window - device.inFlight, bytes)
      }
      device.onAcknowledged = (id) => {
        acknowledged++
        device.inFlight--
        if (done % sampleEvery === 0) latencies.push(performance.now() - device.sentAt[id]!)
        if (++done === messages) resolve()
        else if (perSecond === 0 && !isRefilling) {
          // What one read brings is answered by one write.
          isRefilling = true
          queueMicrotask(refill)
        }
      }
      device.socket.once('close', () => reject(new Error('the gateway closed a connection')))
      if (perSecond === 0) refill()
    }
    if (perSecond > 0) pace(order, startedAt, () => done === messages)
  })
  const seconds = (performance.now() - startedAt) / 1000
  const { user, system } = process.cpuUsage(cpuBefore)
  return {
    ...{ acknowledged: done, seconds, ackMs: percentiles(latencies) },
    cpuSeconds: (user + system) / 1e6,
    lastSeqs: devices.map(({ seq }) => seq),
  }
}

/** Spread over the devices in turn; one whose window is full is passed over, and made up for. */
function pace(
  { perSecond, window, bytes }: Extract<RoadOrder, { kind: 'publish' }>,
  startedAt: number,
  isDone: () => boolean,
): void {
  let given = 0
  let turn = 0
  const timer = setInterval(() => {
    if (isDone()) clearInterval(timer)
    const due = Math.floor(((performance.now() - startedAt) / 1000) * perSecond)
    for (let tried = 0; given < due && tried < devices.length * window; tried++) {
      const device = devices[turn++ % devices.length]!
      given += send(device, Math.min(1, window - device.inFlight), bytes)
    }
  }, 1)
}

setInterval(() => process.send!({ acknowledged }), 250).unref()
process.on('message', (order: RoadOrder) => {
  const carried =
    order.kind === 'connect' ? connectAll(order.port, order.credentials) : publish(order)
  carried.then(
    (result) => process.send!({ result: result ?? true }),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`)
      process.exit(1)
    },
  )
})
process.once('disconnect', () => process.exit())
