import type { Socket } from 'node:net'
import { fleetLogin, watchLogin } from './fleet-registry.ts'
import { addNumber, payloadOf, willOf, type DeviceLedger, type FleetLedger } from './ledger.ts'
import {
  acknowledgeFrame,
  connectRaw,
  packetType,
  publishFrame,
  readPublish,
  releaseFrame,
  subscribeFrame,
  textField,
} from './raw-mqtt.ts'
import type { FleetOrder } from './stream-fleet.ts'

/**
 * Devices that publish as fast as they are acknowledged until their connection breaks, and the ledger of it. What was not
 * acknowledged is not sent again: each message has one sending, so a double is the gateway's. See stream-fleet.ts.
 */
const deviceCount = 24
const inFlight = 40
const reconnectMs = 20
const site = 's1'

let acknowledged = 0
const watched: string[] = []

interface Device {
  readonly ledger: DeviceLedger
  readonly name: string
  readonly topicField: Buffer
  /** Breaks off in mid-stream now and then, so that the gateway publishes its Will. */
  readonly isUnsteady: boolean
}

const devices = Array.from({ length: deviceCount }, (_, index): Device => {
  const retain = index % 6 === 1
  const topic = `v1/${site}/d${index}/${retain ? 'state' : 'telemetry'}`
  const qos = index % 4 === 3 ? 2 : 1
  return {
    ledger: { topic, qos, retain, sent: 0, acknowledged: [], wills: 0 },
    name: `d${index}`,
    topicField: textField(topic),
    isUnsteady: index % 5 === 2,
  }
})

async function stream(device: Device, port: number): Promise<void> {
  const { ledger, name, topicField } = device
  const { qos, retain } = ledger
  const waiting = new Map<number, number>()
  const stateTopic = `v1/${site}/${name}/state`
  let freeIds: number[] = []
  const will = { topic: stateTopic, payload: willOf(stateTopic, ledger.wills++), retain: true }
  const take = (number: number | undefined): void => {
    if (number === undefined) throw new Error(`${name}: an acknowledgement of nothing`)
    addNumber(ledger.acknowledged, number)
    acknowledged++
  }
  let pending: Buffer[] = []
  const send = (id: number): void => {
    const number = ledger.sent++
    waiting.set(id, number)
    const payload = Buffer.from(payloadOf(ledger.topic, number))
    pending.push(publishFrame(topicField, payload, { id, qos, retain }))
  }
  const flush = (socket: Socket): void => {
    for (const id of freeIds) send(id)
    freeIds = []
    if (pending.length > 0) socket.write(Buffer.concat(pending))
    pending = []
  }
  const socket = await connectRaw(port, { ...fleetLogin(site, name), will }, (type, body) => {
    const id = body.readUInt16BE(0)
    if (type === packetType.puback) {
      take(waiting.get(id))
      freeIds.push(id)
    } else if (type === packetType.pubrec) {
      // The promise of QoS 2: from here on the gateway has it.
      take(waiting.get(id))
      pending.push(releaseFrame(id))
    } else if (type === packetType.pubcomp) freeIds.push(id)
    if (device.isUnsteady && Math.random() < 0.0005) socket.destroy()
  })
  socket.on('data', () => flush(socket))
  freeIds = Array.from({ length: inFlight }, (_, index) => index + 1)
  flush(socket)
  await new Promise((resolve) => socket.once('close', resolve))
}

async function watch(port: number): Promise<void> {
  const socket = await connectRaw(port, watchLogin, (type, body, first) => {
    if (type !== packetType.publish) return
    const { topic, payload, id } = readPublish(first, body)
    watched.push(`${topic} ${payload}`)
    if (id !== null) socket.write(acknowledgeFrame(id))
  })
  socket.write(subscribeFrame(1, `v1/${site}/+/state`))
}

process.on('message', (order: FleetOrder) => {
  if (order.kind === 'stream') {
    if (order.isWatched) void watch(order.port).catch(() => undefined)
    for (const device of devices) {
      const again = (): void => {
        stream(device, order.port).then(
          () => setTimeout(again, reconnectMs),
          () => undefined,
        )
      }
      again()
    }
  } else {
    const ledger: FleetLedger = { devices: devices.map(({ ledger }) => ledger), watched }
    process.send!({ ledger })
  }
})
setInterval(() => process.send!({ acknowledged }), 10)
