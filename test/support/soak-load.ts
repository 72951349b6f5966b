import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectRaw, packetType, publishFrame, textField } from './raw-mqtt.ts'
import type { RoadCredential } from './road-load.ts'

/** Devices that publish at a rate through cuts and pauses, and know of themselves how many messages were acknowledged. */
export interface SoakLoad {
  /** Of all devices; 0: as fast as acknowledgements come. */
  setRate(perSecond: number): void
  /** Cuts every connection; what was not acknowledged is sent again. */
  cut(): void
  acknowledged(): number
  /** Sends nothing new, and resolves with the acknowledged messages of each device once nothing is open. */
  finish(): Promise<readonly number[]>
}

const window = 20
const boot = '5eed5eed5eed5eed'

interface Device {
  readonly credential: RoadCredential
  socket: Socket | null
  /** Next to be sent for the first time, and first not acknowledged: answers come in order. */
  next: number
  firstOpen: number
  readonly at: number[]
}

export function startSoakLoad(port: number, credentials: readonly RoadCredential[]): SoakLoad {
  const devices: Device[] = credentials.map((credential) => ({
    ...{ credential, socket: null, next: 0, firstOpen: 0, at: [] },
  }))
  let rate = 0
  let isFinishing = false
  let turn = 0

  function publish(device: Device, seq: number): void {
    const payload = `{"seq":${seq},"boot":"${boot}","at":${device.at[seq - device.firstOpen]},"values":{"celsius":${seq % 40},"humidityPct":60.5}}`
    const topic = textField(`v1/${device.credential.username}/telemetry`)
    const id = (seq % 65_535) + 1
    device.socket?.write(publishFrame(topic, Buffer.from(payload.padEnd(150)), { id, qos: 1 }))
  }

  function sendNew(device: Device): boolean {
    if (!device.socket || isFinishing || device.next - device.firstOpen >= window) return false
    device.at.push(Math.max(Date.now(), (device.at.at(-1) ?? lastAt.get(device) ?? 0) + 1))
    publish(device, device.next++)
    return true
  }
  const lastAt = new Map<Device, number>()

  async function keepConnected(device: Device): Promise<void> {
    while (!isFinishing || device.next > device.firstOpen) {
      try {
        const socket = await connectRaw(
          port,
          { ...device.credential, keepAliveSeconds: 60 },
          (type, body) => {
            if (
              type !== packetType.puback ||
              body.readUInt16BE(0) !== (device.firstOpen % 65_535) + 1
            )
              return
            lastAt.set(device, device.at.shift()!)
            device.firstOpen++
            if (isFinishing && device.next === device.firstOpen) socket.destroy()
            else if (rate === 0) sendNew(device)
          },
        )
        device.socket = socket
        const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
        for (let seq = device.firstOpen; seq < device.next; seq++) publish(device, seq)
        if (rate === 0) while (sendNew(device));
        if (isFinishing && device.next === device.firstOpen) socket.destroy()
        await closed
      } catch {
        await sleep(50)
      }
      device.socket = null
    }
  }
  const running = devices.map(keepConnected)

  let [since, given] = [performance.now(), 0]
  const timer = setInterval(() => {
    if (rate === 0) return
    const due = Math.floor(((performance.now() - since) / 1000) * rate)
    for (let tried = 0; given < due && tried < devices.length * window; tried++)
      if (sendNew(devices[turn++ % devices.length]!)) given++
    // What a pause kept back is made up for within a second's worth.
    given = Math.max(given, due - rate)
  }, 5)

  return {
    setRate(perSecond) {
      rate = perSecond
      ;[since, given] = [performance.now(), 0]
    },
    cut() {
      for (const { socket } of devices) socket?.destroy()
    },
    acknowledged: () => devices.reduce((sum, { firstOpen }) => sum + firstOpen, 0),
    async finish() {
      isFinishing = true
      for (const device of devices) if (device.next === device.firstOpen) device.socket?.destroy()
      await Promise.all(running)
      clearInterval(timer)
      return devices.map(({ firstOpen }) => firstOpen)
    },
  }
}
