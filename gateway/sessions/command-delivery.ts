import type { Client } from 'aedes'
import type { Clock, DeviceCommand, DeviceRegistry } from '../../domain/index.ts'
import { commandTopic } from '../identity/access.ts'
import { readSparkplugCommand } from './sparkplug-command.ts'

/** Brings a connected device what it has not answered yet. */
export interface CommandDelivery {
  deliver(client: Client, path: { readonly site: string; readonly device: string }): void
  /** Every command that waits for an answer, to whoever takes it now. */
  deliverAll(): void
  stop(): void
}

/** A device that took a command and has not answered gets it again on the same connection after so long. */
const repeatAfterMs = 60_000
/** How often commands are looked for that another process queued, or that wait for an answer. */
const sweepEveryMs = 2_000

interface Delivery {
  readonly sentAt: Map<string, number>
  /** Asked for again while one runs: it looks once more at its end, however often it was asked. */
  isAskedAgain: boolean
  isRunning: boolean
}

/**
 * The registry keeps commands until the device's `command/result` or their end; the broker's memory does not. So a command
 * comes again, with the same id, after each reconnect, to whichever gateway, and after each restart.
 */
export function createCommandDelivery(deps: {
  readonly registry: DeviceRegistry
  readonly clock: Clock
  /** The connections that may take a device's commands: its own or its edge gateway's, and Sparkplug edge nodes. */
  readonly clientsOf: (path: {
    readonly site: string
    readonly device: string
  }) => readonly Client[]
  readonly isEdgeNode: (client: Client) => boolean
  readonly takesTopic: (client: Client, topic: string) => boolean
  /** Whether a connection keeps commands for its devices, and so must know when they end. */
  readonly isGateway: (client: Client) => boolean
  readonly onFailure: (error: unknown) => void
}): CommandDelivery {
  const { registry, clock } = deps
  const deliveries = new WeakMap<Client, Map<string, Delivery>>()
  let isSweeping = false

  const deliverPending = async (
    client: Client,
    path: { site: string; device: string },
    { sentAt }: Delivery,
  ): Promise<void> => {
    const commands = await registry.pendingCommands(path.site, path.device, clock.now())
    const isOpen = new Set(commands.map(({ id }) => id))
    for (const id of sentAt.keys()) if (!isOpen.has(id)) sentAt.delete(id)
    for (const command of commands) {
      const isFresh = performance.now() - (sentAt.get(command.id) ?? -Infinity) < repeatAfterMs
      if (isFresh || client.closed) continue
      const raw = readSparkplugCommand(command)
      if (deps.isEdgeNode(client)) {
        if (!raw || !deps.takesTopic(client, raw.topic)) continue
        // QoS 0, as Sparkplug 3.0 has it [tck-id-topics-ncmd-mqtt]: the birth that follows is the answer.
        await publish(client, raw.topic, raw.payload, 0)
        await noteSent(command, sentAt)
        continue
      }
      const { id, set, expiresAt } = command
      // What is left of its time, not when it ends: the clock of an edge gateway may be another.
      const end = deps.isGateway(client) ? { expiresInMs: expiresAt - clock.now() } : {}
      const payload = Buffer.from(JSON.stringify({ id, set, ...end }))
      await publish(client, commandTopic(path), payload, 1)
      await noteSent(command, sentAt)
    }
  }

  const noteSent = async ({ id }: DeviceCommand, sentAt: Map<string, number>): Promise<void> => {
    sentAt.set(id, performance.now())
    await registry.markCommandSent(id, clock.now())
  }

  const deliver = (client: Client, path: { site: string; device: string }): void => {
    const known = deliveries.get(client) ?? new Map<string, Delivery>()
    deliveries.set(client, known)
    const id = `${path.site}/${path.device}`
    const delivery = known.get(id) ?? {
      ...{ sentAt: new Map<string, number>(), isAskedAgain: false, isRunning: false },
    }
    known.set(id, delivery)
    delivery.isAskedAgain = true
    if (!delivery.isRunning) void run(client, path, delivery)
  }

  const run = async (
    client: Client,
    path: { site: string; device: string },
    delivery: Delivery,
  ): Promise<void> => {
    delivery.isRunning = true
    try {
      while (delivery.isAskedAgain) {
        delivery.isAskedAgain = false
        await deliverPending(client, path, delivery)
      }
    } catch (error) {
      deps.onFailure(error)
    } finally {
      delivery.isRunning = false
    }
  }

  const sweep = async (): Promise<void> => {
    if (isSweeping) return
    isSweeping = true
    try {
      for (const path of await registry.devicesWithCommands(clock.now())) {
        for (const client of deps.clientsOf(path)) deliver(client, path)
      }
    } catch (error) {
      deps.onFailure(error)
    } finally {
      isSweeping = false
    }
  }
  const timer = setInterval(() => void sweep(), sweepEveryMs)

  return { deliver, deliverAll: () => void sweep(), stop: () => clearInterval(timer) }
}

function publish(client: Client, topic: string, payload: Buffer, qos: 0 | 1): Promise<void> {
  return new Promise((resolve, reject) => {
    client.publish({ cmd: 'publish', topic, payload, qos, retain: false, dup: false }, (error) => {
      if (error) reject(error)
      else resolve()
    })
  })
}
