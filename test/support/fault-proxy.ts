import { createServer, connect, type Server, type Socket } from 'node:net'
import type { Random } from '../../domain/index.ts'

/** A line between two programs of this machine that can be cut at any byte, held up, or left half open. */
export interface FaultProxy {
  readonly port: number
  /** Connections that a fault has ended since the start. */
  cuts(): number
  /** From now on no connection lives: neither old nor new. */
  down(): void
  up(): void
  /** Faults on or off; without them it only passes on. */
  setFaults(faults: Faults | null): void
  stop(): Promise<void>
}

export interface Faults {
  /** A connection is ended after a random number of bytes up to this, within a packet as well as between. */
  readonly maxBytes: number
  /** Share of the ends that close nothing: both sides wait on a line that says nothing any more. */
  readonly halfOpenShare: number
  /** How long a half-open line stays so. */
  readonly halfOpenMs: number
  /** Longest delay of a piece. */
  readonly maxDelayMs: number
}

export async function startFaultProxy(options: {
  readonly to: number
  readonly port?: number
  readonly random: Random
}): Promise<FaultProxy> {
  const { random } = options
  const sockets = new Set<Socket>()
  let faults: Faults | null = null
  let isDown = false
  let cuts = 0

  const serve = (near: Socket): void => {
    if (isDown) {
      near.destroy()
      return
    }
    const far = connect({ port: options.to, host: '127.0.0.1', noDelay: true })
    let left = faults ? Math.ceil(random.next() * faults.maxBytes) : Infinity
    let isSilent = false
    const end = (): void => {
      near.destroy()
      far.destroy()
    }
    const fail = (): void => {
      cuts++
      if (!faults || random.next() >= faults.halfOpenShare) {
        end()
        return
      }
      isSilent = true
      setTimeout(end, faults.halfOpenMs).unref()
    }
    const pass = (from: Socket, to: Socket): void => {
      sockets.add(from)
      from.on('data', (bytes) => {
        if (isSilent) return
        const part = bytes.subarray(0, left)
        left -= part.length
        const delayMs = faults ? random.next() * faults.maxDelayMs : 0
        const write = (): void => {
          if (to.destroyed) return
          if (!to.write(part)) from.pause()
        }
        // A delay holds what follows back too: bytes keep their order.
        if (delayMs < 1) write()
        else {
          from.pause()
          setTimeout(() => {
            write()
            if (!to.writableNeedDrain) from.resume()
          }, delayMs)
        }
        if (left <= 0) fail()
      })
      to.on('drain', () => from.resume())
      from.on('error', end)
      from.on('close', () => {
        sockets.delete(from)
        if (!isSilent) end()
      })
    }
    pass(near, far)
    pass(far, near)
  }

  const server: Server = createServer({ noDelay: true }, serve)
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  const dropAll = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (server.address() as { port: number }).port,
    cuts: () => cuts,
    down() {
      isDown = true
      dropAll()
    },
    up: () => void (isDown = false),
    setFaults(next) {
      faults = next
      if (next) dropAll()
    },
    async stop() {
      isDown = true
      dropAll()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
