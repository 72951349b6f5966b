import type { DeviceRegistry } from '../../domain/index.ts'

export type JoinRefusal = 'join-rate' | 'too-many-unregistered'

/** Holds what comes with join credentials in bounds: anybody who reads one off a device can use it. */
export interface JoinLimits {
  /** A login or message of a join credential. */
  take(username: string): 'join-rate' | null
  /** Whether one more device of the site may come that nobody has adopted. */
  admit(site: string, device: string): Promise<'too-many-unregistered' | null>
}

/** A credential that was silent may catch up by so many seconds of its rate. */
const burstSeconds = 5

export function createJoinLimits(deps: {
  readonly settings: { readonly joinPerSecond: number; readonly joinDevices: number }
  readonly registry: DeviceRegistry
  /** Rises evenly, whatever the wall clock does. */
  readonly monotonic: () => number
}): JoinLimits {
  const { settings, registry, monotonic } = deps
  const burst = settings.joinPerSecond * burstSeconds
  /** One of each site: as many as there are sites. */
  const buckets = new Map<string, { tokens: number; at: number }>()
  /** Devices let in that the registry may not know of yet, by site. */
  const coming = new Map<string, Set<string>>()

  return {
    take(username) {
      const now = monotonic()
      const bucket = buckets.get(username) ?? { tokens: burst, at: now }
      buckets.set(username, bucket)
      const earned = ((now - bucket.at) / 1000) * settings.joinPerSecond
      bucket.tokens = Math.min(burst, bucket.tokens + earned)
      bucket.at = now
      if (bucket.tokens < 1) return 'join-rate'
      bucket.tokens--
      return null
    },
    async admit(site, device) {
      const known = new Set(await registry.unregisteredDevices(site))
      if (known.has(device)) return null
      const expected = coming.get(site) ?? new Set<string>()
      coming.set(site, expected)
      for (const one of expected) if (known.has(one)) expected.delete(one)
      if (expected.has(device)) return null
      if (known.size + expected.size >= settings.joinDevices) return 'too-many-unregistered'
      expected.add(device)
      return null
    },
  }
}
