import type { RegistryChange } from '../../domain/index.ts'
import type { OperationsStore } from './operations-store.ts'
import type { OutboxListener } from './outbox-engine.ts'

export interface OutboxNewsDesk extends OutboxListener {
  readonly subscribe: OperationsStore['subscribe']
  readonly subscribeRegistry: OperationsStore['subscribeRegistry']
  readonly stop: () => void
}

/** Tells of commits after the fact; those of one turn of the event loop together. */
export function createNews(): OutboxNewsDesk {
  const listeners = new Set<(newest: number) => void>()
  const registryListeners = new Set<(event: RegistryChange) => void>()
  let newest: number | null = null
  let isStopped = false
  return {
    changed(number: number) {
      if (newest === null) {
        setImmediate(() => {
          const told = newest
          newest = null
          if (told === null || isStopped) return
          for (const listener of [...listeners]) listener(told)
        })
      }
      newest = Math.max(newest ?? 0, number)
    },
    registry(change: RegistryChange) {
      for (const listener of [...registryListeners]) listener(change)
    },
    subscribe(listener: (newest: number) => void) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    subscribeRegistry(listener: (event: RegistryChange) => void) {
      registryListeners.add(listener)
      return () => void registryListeners.delete(listener)
    },
    stop() {
      isStopped = true
    },
  }
}
