import { spawn } from 'node:child_process'
import { compileProgram } from './compile-program.ts'

export type LoadOrder =
  | {
      readonly kind: 'connect'
      readonly port: number
      readonly devices: number
      readonly bytes: number
    }
  | {
      readonly kind: 'saturate'
      readonly seconds: number
      readonly inFlight: number
      readonly bytes: number
    }
  | {
      readonly kind: 'pace'
      readonly seconds: number
      readonly perSecond: number
      readonly bytes: number
    }
  | { readonly kind: 'disconnect' }

/** Seconds since all began to connect. */
export interface ConnectResult {
  readonly devices: number
  /** Attempts that came to nothing. */
  readonly refused: number
  readonly allBackSeconds: number
  readonly p99Seconds: number
  /** First message of any device acknowledged, and of each. */
  readonly firstDataSeconds: number
  readonly allDataSeconds: number
}

/** Milliseconds from a message's writing to its acknowledgement. */
export interface PaceResult {
  readonly p50: number
  readonly p99: number
  readonly max: number
  readonly messages: number
  readonly notAcknowledged: number
  /** Not sent because the device still waited for the one before. */
  readonly skipped: number
}

/** One generator for all benches and storms: raw sockets in a process of their own. */
export interface LoadFleet {
  connect(port: number, devices: number): Promise<ConnectResult>
  /** Acknowledgements per second. */
  saturate(seconds: number, inFlight: number): Promise<number>
  pace(seconds: number, perSecond: number): Promise<PaceResult>
  disconnect(): Promise<void>
  stop(): void
}

/** Of every message of a fleet. */
const bytes = 100

export async function startLoadFleet(): Promise<LoadFleet> {
  const program = await compileProgram('load-fleet-process')
  const child = spawn(process.execPath, [program], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const carryOut = <T>(order: LoadOrder): Promise<T> =>
    new Promise((resolve, reject) => {
      const failed = (): void => reject(new Error(`the fleet ended while it was to ${order.kind}`))
      child.once('exit', failed)
      child.once('message', (result) => {
        child.off('exit', failed)
        resolve(result as T)
      })
      child.send(order)
    })
  return {
    connect: (port, devices) => carryOut({ kind: 'connect', port, devices, bytes }),
    saturate: (seconds, inFlight) => carryOut({ kind: 'saturate', seconds, inFlight, bytes }),
    pace: (seconds, perSecond) => carryOut({ kind: 'pace', seconds, perSecond, bytes }),
    async disconnect() {
      await carryOut({ kind: 'disconnect' })
    },
    stop: () => void child.kill('SIGKILL'),
  }
}

export function percentiles(values: readonly number[]): { p50: number; p99: number; max: number } {
  const sorted = Float64Array.from(values).sort()
  const at = (share: number): number => {
    const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN
    return Number(value.toFixed(2))
  }
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}

/** Sockets a process may have open; storms of thousands need more than many systems give. */
export function requireOpenFiles(devices: number): void {
  const limit = openFilesLimit()
  if (limit >= devices + 200) return
  throw new Error(
    `${devices} devices need ${devices + 200} open files in one process and only ${limit} are allowed: raise the limit with "ulimit -n ${devices + 1000}" and run it again.`,
  )
}

function openFilesLimit(): number {
  const report = process.report.getReport() as unknown as {
    userLimits?: { open_files?: { soft: number | 'unlimited' } }
  }
  const limit = report.userLimits?.open_files?.soft ?? 'unlimited'
  return limit === 'unlimited' ? Infinity : limit
}
