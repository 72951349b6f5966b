import mqtt, { type MqttClient } from 'mqtt'
import { errorMessage, LarderError, type Random } from '../../domain/index.ts'
import { backoffMs } from '../../runtime/index.ts'
import { firmware, type FleetDevice } from './fleet.ts'

export interface LinkOptions {
  readonly device: FleetDevice
  /** `mqtt://127.0.0.1:1883` */
  readonly url: string
  readonly password: string
  /** Jitter of the reconnect back-off. */
  readonly random: Random
  readonly connectAfterMs: number
  /** Messages without a PUBACK from before a restart, oldest first. */
  readonly unacknowledged: readonly string[]
  readonly onCommand: (command: { readonly intervalMs: number }) => void
  readonly onAcknowledged: () => void
  readonly onConnection: (isConnected: boolean) => void
  readonly onTrouble: (error: Error) => void
}

/** A device's own MQTT connection. What `publish` takes is kept until its PUBACK, through every reconnect, in order. */
export interface DeviceLink {
  publish(payload: string): void
  unacknowledged(): readonly string[]
  /** Messages dropped, the oldest first, because the outbox was full. */
  dropped(): number
  /** Says offline and goes; ends at once where there is no connection. */
  stop(withinMs: number): Promise<void>
}

export const outboxLimit = 1000
/** As many as a small device would hold in its radio's buffer. */
const inFlightLimit = 8
const backoff = { firstMs: 500, longestMs: 30_000 }

export function openDeviceLink(options: LinkOptions): DeviceLink {
  const { device, random } = options
  const base = `v1/${device.path}`
  const outbox = options.unacknowledged.map((payload) => ({ payload, isSent: false }))
  let dropped = 0
  let failures = 0
  let isStopping = false
  let timer: NodeJS.Timeout | null = null
  let client: MqttClient | null = null
  const state = (word: 'online' | 'offline'): string =>
    JSON.stringify({ state: word, firmware, boot: device.boot })

  const connect = (): void => {
    timer = null
    if (isStopping) return
    if (client) {
      client.reconnect()
      return
    }
    client = mqtt.connect(options.url, {
      clientId: `${device.site}.${device.device}`,
      username: device.path,
      password: options.password,
      protocolVersion: 4,
      clean: true,
      keepalive: 60,
      connectTimeout: 15_000,
      reconnectPeriod: 0,
      resubscribe: false,
      will: {
        topic: `${base}/state`,
        payload: Buffer.from(state('offline')),
        qos: 1,
        retain: true,
      },
    })
    client.on('connect', () => {
      failures = 0
      options.onConnection(true)
      client?.publish(`${base}/state`, state('online'), { qos: 1, retain: true })
      client?.subscribe(`${base}/command`, { qos: 1 })
      pump()
    })
    client.on('message', (_topic, payload) => answer(payload))
    client.on('error', options.onTrouble)
    client.on('close', () => {
      options.onConnection(false)
      if (isStopping || timer) return
      timer = setTimeout(connect, backoffMs(failures++, backoff, random))
    })
  }

  const pump = (): void => {
    if (!client?.connected) return
    for (const entry of outbox.slice(0, inFlightLimit)) {
      if (entry.isSent) continue
      entry.isSent = true
      // mqtt.js keeps a publish without its PUBACK and sends it again, as DUP, when it is connected again.
      client.publish(`${base}/telemetry`, entry.payload, { qos: 1 }, (error) => {
        if (error) {
          entry.isSent = false
          return
        }
        const place = outbox.indexOf(entry)
        if (place >= 0) outbox.splice(place, 1)
        options.onAcknowledged()
        pump()
      })
    }
  }

  const answer = (payload: Buffer): void => {
    let id: unknown = null
    let result: { ok: boolean; error?: string } = { ok: true }
    try {
      const command = JSON.parse(payload.toString()) as { id?: unknown; set?: unknown } | null
      id = command?.id ?? null
      options.onCommand({ intervalMs: readInterval(command?.set) })
    } catch (error) {
      result = { ok: false, error: errorMessage(error) }
    }
    client?.publish(`${base}/command/result`, JSON.stringify({ id, ...result }), { qos: 1 })
  }

  timer = setTimeout(connect, options.connectAfterMs)
  return {
    publish(payload) {
      if (outbox.length >= outboxLimit) {
        // The one in flight may be kept already; the oldest that waits makes room.
        const oldest = outbox.findIndex((entry) => !entry.isSent)
        outbox.splice(Math.max(0, oldest), 1)
        dropped++
        options.onAcknowledged()
      }
      outbox.push({ payload, isSent: false })
      pump()
    },
    unacknowledged: () => outbox.map(({ payload }) => payload),
    dropped: () => dropped,
    async stop(withinMs) {
      isStopping = true
      if (timer) clearTimeout(timer)
      timer = null
      const open = client
      if (!open) return
      if (open.connected) {
        await Promise.race([
          new Promise<void>((resolve) => {
            open.publish(`${base}/state`, state('offline'), { qos: 1, retain: true }, () =>
              resolve(),
            )
          }),
          new Promise<void>((resolve) => setTimeout(resolve, withinMs).unref()),
        ])
      }
      open.removeAllListeners('close')
      open.on('error', () => undefined)
      await new Promise<void>((resolve) => {
        open.end(true, () => resolve())
        setTimeout(resolve, 200).unref()
      })
    },
  }
}

function readInterval(set: unknown): number {
  const interval = (set as { intervalMs?: unknown } | null | undefined)?.intervalMs
  if (typeof interval !== 'number')
    throw new LarderError('RT_REQUEST_INVALID', 'Only {"set":{"intervalMs":…}} is understood.')
  return interval
}
