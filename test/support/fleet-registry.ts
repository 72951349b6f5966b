import { hashSecret, type Credential } from '../../domain/index.ts'
import { createMemoryDeviceRegistry } from './memory-device-registry.ts'
import type { DeviceRegistry } from '../../domain/index.ts'

/** The one secret of a fleet. */
export const fleetSecret = 'the secret of every device of the fleet'
const salt = '00'.repeat(16)
const hash = hashSecret(fleetSecret, salt)

/** Knows every device of every site, and the operator `watch` who may subscribe to all of `v1/`: thousands of logins without a list. */
export function createFleetRegistry(): DeviceRegistry {
  const stored = { salt, hash, revoked: false, publish: [], mappings: [] }
  return {
    ...createMemoryDeviceRegistry(),
    credential(username): Promise<Credential | null> {
      const [site = '', device] = username.split('/')
      return Promise.resolve(
        device === undefined
          ? { ...stored, username, kind: 'operator', site: null, device: null, subscribe: ['v1/#'] }
          : { ...stored, username, kind: 'device', site, device, subscribe: [] },
      )
    },
  }
}

export const fleetLogin = (site: string, device: string) => ({
  clientId: `${site}.${device}`,
  username: `${site}/${device}`,
  password: fleetSecret,
})

export const watchLogin = { clientId: 'watch', username: 'watch', password: fleetSecret }
