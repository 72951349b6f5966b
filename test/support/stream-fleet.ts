import { spawn } from 'node:child_process'
import { compileProgram } from './compile-program.ts'
import type { FleetLedger } from './ledger.ts'

export type FleetOrder =
  | { readonly kind: 'stream'; readonly port: number; readonly isWatched: boolean }
  | { readonly kind: 'report' }

type News = { readonly acknowledged: number } | { readonly ledger: FleetLedger }

/** Devices in a process of their own that publish without a pause, through any number of gateways one after the other. */
export interface StreamFleet {
  /** Connects to a gateway and publishes until it goes away; one of its subscribers may watch states and Wills. */
  stream(port: number, isWatched: boolean): void
  /** Resolves once so many messages in all are acknowledged. */
  acknowledged(count: number): Promise<void>
  count(): number
  ledger(): Promise<FleetLedger>
  stop(): void
}

export async function startStreamFleet(): Promise<StreamFleet> {
  const program = await compileProgram('stream-fleet-process')
  const child = spawn(process.execPath, [program], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  let acknowledged = 0
  let onLedger: ((ledger: FleetLedger) => void) | undefined
  const waiting = new Map<() => void, number>()
  child.on('message', (news: News) => {
    if ('ledger' in news) {
      onLedger?.(news.ledger)
      return
    }
    acknowledged = news.acknowledged
    for (const [resolve, count] of waiting) {
      if (acknowledged < count) continue
      waiting.delete(resolve)
      resolve()
    }
  })
  const order = (one: FleetOrder): void => void child.send(one)
  return {
    stream: (port, isWatched) => order({ kind: 'stream', port, isWatched }),
    count: () => acknowledged,
    acknowledged: (count) => new Promise((resolve) => waiting.set(resolve, count)),
    ledger() {
      order({ kind: 'report' })
      return new Promise((resolve) => (onLedger = resolve))
    },
    stop: () => void child.kill('SIGKILL'),
  }
}
