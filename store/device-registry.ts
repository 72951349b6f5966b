import type { DeviceRegistry } from '../domain/index.ts'
import type { OperationsStore } from './operations-store/operations-store.ts'

/** The gateway's view of the operations store. */
export function createDeviceRegistry(operations: OperationsStore): DeviceRegistry {
  return {
    credential: (username) => operations.credential(username),
    pendingCommands: (site, device, now) => operations.pendingCommands(site, device, now),
    devicesWithCommands: (now) => operations.devicesWithCommands(now),
    retained: () => operations.retained(),
    keepRetained: (messages, through) => operations.keepRetained(messages, through),
    markCommandSent: (id, at) => operations.markCommandSent(id, at),
    unregisteredDevices: (site) => operations.unregisteredDevices(site),
    subscribe: (listener) => operations.subscribeRegistry(listener),
  }
}
