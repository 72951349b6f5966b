import type { Client } from 'aedes'
import type { Clock, DeviceCommand, DeviceRegistry } from '../../domain/index.ts'
import { commandTopic } from '../identity/access.ts'

/** Brings a connected device what it has not answered yet, each command once per connection. */
export interface CommandDelivery {
  deliver(client: Client, path: { readonly site: string; readonly device: string }): void
}

/**
 * The registry keeps commands until the device's `command/result`; the broker's memory does not. So a command comes again
 * after each reconnect, with the same id.
 */
export function createCommandDelivery(deps: {
  readonly registry: DeviceRegistry
  readonly clock: Clock
  readonly onFailure: (error: unknown) => void
}): CommandDelivery {
  const { registry, clock } = deps
  const deliveries = new WeakMap<Client, { sent: Set<string>; last: Promise<void> }>()

  const deliverPending = async (
    client: Client,
    path: { site: string; device: string },
    sent: Set<string>,
  ): Promise<void> => {
    const commands = await registry.pendingCommands(path.site, path.device, clock.now())
    for (const command of commands) {
      if (sent.has(command.id) || client.closed) continue
      await publish(client, commandTopic(path), command)
      sent.add(command.id)
      await registry.markCommandSent(command.id, clock.now())
    }
  }

  return {
    deliver(client, path) {
      const delivery = deliveries.get(client) ?? {
        sent: new Set<string>(),
        last: Promise.resolve(),
      }
      deliveries.set(client, delivery)
      delivery.last = delivery.last
        .then(() => deliverPending(client, path, delivery.sent))
        .catch(deps.onFailure)
    },
  }
}

function publish(client: Client, topic: string, { id, set }: DeviceCommand): Promise<void> {
  const payload = Buffer.from(JSON.stringify({ id, set }))
  return new Promise((resolve, reject) => {
    client.publish(
      { cmd: 'publish', topic, payload, qos: 1, retain: false, dup: false },
      (error) => {
        if (error) reject(error)
        else resolve()
      },
    )
  })
}
