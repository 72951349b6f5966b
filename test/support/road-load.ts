import { spawn } from 'node:child_process'
import { compileProgram } from './compile-program.ts'

export interface RoadCredential {
  readonly clientId: string
  readonly username: string
  readonly password: string
}

export type RoadOrder =
  | {
      readonly kind: 'connect'
      readonly port: number
      readonly credentials: readonly RoadCredential[]
    }
  | {
      readonly kind: 'publish'
      /** Of all devices together. */
      readonly messages: number
      /** Of each device, unacknowledged at a time. */
      readonly window: number
      /** Over all devices; 0: as fast as acknowledgements come. */
      readonly perSecond: number
      readonly bytes: number
    }

export interface RoadResult {
  readonly acknowledged: number
  /** From the first PUBLISH to the last PUBACK. */
  readonly seconds: number
  /** From the writing of a message to its acknowledgement. */
  readonly ackMs: { readonly p50: number; readonly p99: number; readonly max: number }
  readonly cpuSeconds: number
  /** Last seq of each device, in the order of the credentials. */
  readonly lastSeqs: readonly number[]
}

/** Devices on raw sockets, in a process of their own, that publish telemetry in our own contract at QoS 1. */
export interface RoadLoad {
  connect(port: number, credentials: readonly RoadCredential[]): Promise<void>
  publish(order: Omit<Extract<RoadOrder, { kind: 'publish' }>, 'kind'>): Promise<RoadResult>
  /** Acknowledged since the start, as of a moment ago. */
  acknowledged(): number
  stop(): void
}

export type RoadAnswer = { readonly acknowledged: number } | { readonly result: unknown }

/** Channels of every message. */
export const roadChannels = ['celsius', 'humidityPct', 'doorOpen', 'batteryPct', 'rssiDbm'] as const

export async function startRoadLoad(): Promise<RoadLoad> {
  const program = await compileProgram('road-load-process')
  const child = spawn(process.execPath, [program], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  let acknowledged = 0
  let waiting: { resolve: (result: unknown) => void; reject: (error: Error) => void } | null = null
  child.on('message', (answer: RoadAnswer) => {
    if ('acknowledged' in answer) acknowledged = answer.acknowledged
    else {
      waiting?.resolve(answer.result)
      waiting = null
    }
  })
  child.once('exit', () => waiting?.reject(new Error('the load process ended early')))
  const carryOut = (order: RoadOrder): Promise<unknown> =>
    new Promise((resolve, reject) => {
      waiting = { resolve, reject }
      child.send(order)
    })
  return {
    async connect(port, credentials) {
      await carryOut({ kind: 'connect', port, credentials })
    },
    publish: (order) => carryOut({ kind: 'publish', ...order }) as Promise<RoadResult>,
    acknowledged: () => acknowledged,
    stop: () => void child.kill('SIGKILL'),
  }
}
