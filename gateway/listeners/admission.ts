import { isIPv6, type Socket } from 'node:net'
import { isLoopback } from './loopback.ts'

export interface AdmissionSettings {
  readonly maxConnections: number
  readonly maxConnectionsPerAddress: number
  readonly acceptPerSecond: number
}

export type AdmissionRefusal = 'too-many-connections' | 'too-many-connections-of-address'

/** Decides which sockets are served, and when. One for all listeners, so that the limits hold for them together. */
export interface Admission {
  /**
   * Takes a raw socket that nobody has read yet (`pauseOnConnect`). Calls back at once or, where sockets come faster than
   * the pace, later and in order; a refused socket, or one that closes while it waits, is never given back.
   */
  admit(socket: Socket, onAdmitted: () => void): void
  /** Sockets that wait for their turn. */
  waiting(): number
  /** Closes what waits, and all that comes later. */
  stop(): void
}

const paceMs = 10

export function createAdmission(deps: {
  readonly settings: AdmissionSettings
  readonly wall: { now(): number }
  readonly onRefused: (reason: AdmissionRefusal) => void
}): Admission {
  const { settings, wall } = deps
  const byAddress = new Map<string, number>()
  const waiting = new Map<Socket, () => void>()
  let total = 0
  let tokens = settings.acceptPerSecond
  let refilledAt = wall.now()
  let timer: NodeJS.Timeout | undefined
  let isStopped = false

  const refill = (): void => {
    const now = wall.now()
    // A wall clock that jumps neither stops the pace nor lifts it.
    const elapsedMs = Math.min(Math.max(now - refilledAt, 0), 1000)
    refilledAt = now
    const earned = (elapsedMs / 1000) * settings.acceptPerSecond
    tokens = Math.min(tokens + earned, settings.acceptPerSecond)
  }

  const proceed = (): void => {
    timer = undefined
    refill()
    for (const [socket, onAdmitted] of waiting) {
      if (tokens < 1) break
      tokens--
      waiting.delete(socket)
      onAdmitted()
    }
    if (waiting.size > 0) timer = setTimeout(proceed, paceMs)
  }

  const refuse = (socket: Socket, reason: AdmissionRefusal): void => {
    deps.onRefused(reason)
    socket.destroy()
  }

  const count = (address: string, change: 1 | -1): void => {
    total += change
    const ofAddress = (byAddress.get(address) ?? 0) + change
    if (ofAddress > 0) byAddress.set(address, ofAddress)
    else byAddress.delete(address)
  }

  return {
    admit(socket, onAdmitted) {
      const { remoteAddress } = socket
      if (isStopped || remoteAddress === undefined) {
        socket.destroy()
        return
      }
      const address = addressOf(remoteAddress)
      const ofAddress = byAddress.get(address) ?? 0
      if (total >= settings.maxConnections) {
        refuse(socket, 'too-many-connections')
        return
      }
      if (!isLoopback(address) && ofAddress >= settings.maxConnectionsPerAddress) {
        refuse(socket, 'too-many-connections-of-address')
        return
      }
      count(address, 1)
      socket.once('close', () => {
        count(address, -1)
        waiting.delete(socket)
      })
      refill()
      if (waiting.size === 0 && tokens >= 1) {
        tokens--
        onAdmitted()
      } else {
        // Nobody else listens yet: a reset peer must not end the process.
        socket.on('error', () => socket.destroy())
        waiting.set(socket, onAdmitted)
        timer ??= setTimeout(proceed, paceMs)
      }
    },
    waiting: () => waiting.size,
    stop() {
      isStopped = true
      clearTimeout(timer)
      for (const socket of waiting.keys()) socket.destroy()
      waiting.clear()
    },
  }
}

/** What counts as one address: of IPv6 the /64, all of which one customer of a network has. */
export function addressOf(remoteAddress: string): string {
  const address = remoteAddress.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  if (!isIPv6(address) || isLoopback(address)) return address
  const [before = '', after] = address.split('::')
  const head = before === '' ? [] : before.split(':')
  const tail = after === undefined || after === '' ? [] : after.split(':')
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0')
  return [...head, ...zeros, ...tail].slice(0, 4).join(':')
}
