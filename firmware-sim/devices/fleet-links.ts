import { LarderError, type Random } from '../../domain/index.ts'
import type { Logger } from '../../runtime/index.ts'
import type { Publication } from './device-message.ts'
import { openDeviceLink, type DeviceLink } from './device-link.ts'
import type { Fleet } from './fleet.ts'

/** Takes publications to the gateway; `drained` resolves when each has its PUBACK. */
export interface Publisher {
  publish(publications: readonly Publication[]): void
  /** Messages taken and not acknowledged. */
  waiting(): number
  drained(options?: { readonly signal?: AbortSignal }): Promise<void>
  /** By path, what a restart must send again. */
  unacknowledged(): Readonly<Record<string, readonly string[]>>
}

export interface FleetLinks extends Publisher {
  connected(): number
  acknowledged(): number
  dropped(): number
  stop(withinMs: number): Promise<void>
}

/** Logins at once: a gateway hashes and looks up each. */
const connectEveryMs = 4

/** One real MQTT connection per device. */
export function connectFleet(deps: {
  readonly fleet: Pick<Fleet, 'devices'>
  readonly url: string
  /** Secret by `site/device`. */
  readonly passwords: Readonly<Record<string, string>>
  readonly unacknowledged: Readonly<Record<string, readonly string[]>>
  readonly random: Random
  readonly logger: Logger
  readonly onCommand: (path: string, command: { readonly intervalMs: number }) => void
}): FleetLinks {
  const { fleet, logger } = deps
  const random = deps.random.fork('links')
  let connected = 0
  let acknowledged = 0
  let waiting = Object.values(deps.unacknowledged).reduce((sum, list) => sum + list.length, 0)
  let dry = new Set<() => void>()
  let lastTroubleWords = ''

  const links = new Map<string, DeviceLink>()
  for (const [index, device] of fleet.devices.entries()) {
    const password = deps.passwords[device.path]
    if (password === undefined)
      throw new LarderError(
        'RT_NOT_FOUND',
        `There is no credential for ${device.path}. Start afresh with --reset, or rotate its secret.`,
      )
    let wasConnected = false
    links.set(
      device.path,
      openDeviceLink({
        device,
        url: deps.url,
        password,
        random,
        connectAfterMs: index * connectEveryMs,
        unacknowledged: deps.unacknowledged[device.path] ?? [],
        onCommand: (command) => deps.onCommand(device.path, command),
        onAcknowledged() {
          acknowledged++
          waiting--
          if (waiting === 0) release()
        },
        onConnection(isConnected) {
          if (isConnected !== wasConnected) connected += isConnected ? 1 : -1
          wasConnected = isConnected
        },
        onTrouble(error) {
          // 600 devices meet the same trouble: once is enough until it changes.
          if (error.message === lastTroubleWords) return
          lastTroubleWords = error.message
          logger.warn(
            { err: error, device: device.path },
            'a device cannot connect; it tries again',
          )
        },
      }),
    )
  }

  function release(): void {
    const waiters = dry
    dry = new Set()
    for (const resolve of waiters) resolve()
  }

  return {
    publish(publications) {
      for (const { path, payload } of publications) {
        waiting++
        links.get(path)!.publish(payload)
      }
    },
    waiting: () => waiting,
    drained: ({ signal } = {}) =>
      waiting === 0
        ? Promise.resolve()
        : new Promise((resolve, reject) => {
            dry.add(resolve)
            signal?.addEventListener(
              'abort',
              () => reject(new LarderError('RT_STOPPED', 'Stopped before every PUBACK came.')),
              { once: true },
            )
          }),
    unacknowledged: () =>
      Object.fromEntries(
        [...links]
          .map(([path, link]) => [path, link.unacknowledged()] as const)
          .filter(([, payloads]) => payloads.length > 0),
      ),
    connected: () => connected,
    acknowledged: () => acknowledged,
    dropped: () => [...links.values()].reduce((sum, link) => sum + link.dropped(), 0),
    async stop(withinMs) {
      await Promise.all([...links.values()].map((link) => link.stop(withinMs)))
      release()
    },
  }
}
