import { spawn } from 'node:child_process'
import type { Settings } from '../../config/index.ts'
import { compileProgram } from './compile-program.ts'

export interface LoneGatewayOptions {
  /** The log's; null stubs the append out. */
  readonly file: string | null
  readonly port?: number
  readonly mqtt?: Partial<Settings['mqtt']>
}

export interface LoneGatewayReport {
  readonly rssMb: number
  readonly heapMb: number
  readonly externalMb: number
  readonly cpuSeconds: number
  readonly connections: number
  readonly acknowledged: number
  readonly refused: number
  readonly appendFailures: number
}

export interface LoneGateway {
  readonly pid: number
  readonly port: number
  report(): Promise<LoneGatewayReport>
  output(): string
  /** Its exit code, null after a signal. */
  readonly exited: Promise<number | null>
  kill(): Promise<void>
  /** Ends by itself, so that a profile of it is written. */
  stop(): Promise<void>
}

/** A gateway and its log, compiled, alone in a process; every device of a fleet may log in (fleet-registry.ts). */
export async function startLoneGateway(
  options: LoneGatewayOptions,
  how: { readonly env?: Record<string, string>; readonly nodeArgs?: readonly string[] } = {},
): Promise<LoneGateway> {
  const program = await compileProgram('lone-gateway-process')
  const nodeArgs = ['--max-semi-space-size=4', ...(how.nodeArgs ?? [])]
  const child = spawn(process.execPath, [...nodeArgs, program, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, ...how.env },
  })
  let output = ''
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (text) => (output = (output + String(text)).slice(-20_000)))
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const answer = <T>(): Promise<T> =>
    new Promise((resolve, reject) => {
      child.once('message', (message) => resolve(message as T))
      void exited.then((code) => reject(new Error(`the gateway ended (${code}):\n${output}`)))
    })
  const port = await answer<number>()
  return {
    pid: child.pid!,
    port,
    exited,
    output: () => output,
    report() {
      const report = answer<LoneGatewayReport>()
      child.send('report')
      return report
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
    async stop() {
      child.disconnect()
      await exited
    },
  }
}
