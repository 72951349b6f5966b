import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** What run.sh of the peer prints. */
export interface PeerRun {
  readonly load: {
    readonly acked_per_s: number
    readonly publish_ms: { readonly p50: number; readonly p99: number }
  }
  readonly stored_per_s: number
  readonly missing: number
  readonly cpu_s_per_100k: { readonly sum: number }
  readonly rss_peak_mb: Readonly<Record<string, number>>
}

const script = join(process.env.LARDER_PEERS ?? '../shared/peers', 'telegraf-ingest/run.sh')
const longestMs = 10 * 60_000

export function requirePeer(): void {
  if (existsSync(script)) return
  throw new Error(
    `${script} is missing: name the folder of peers with LARDER_PEERS, or measure Larder alone with --without-peer.`,
  )
}

/** Mosquitto -> Telegraf -> InfluxDB 2 under the same load; its servers are kept in SERVERS_HOME. */
export function runPeer(messages: number): Promise<PeerRun> {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  const child = spawn('bash', [script, String(messages)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { SERVERS_HOME: join(cache, 'larder-peer'), ...process.env },
    timeout: longestMs,
  })
  let output = ''
  child.stdout.on('data', (text) => (output += String(text)))
  return new Promise((resolve, reject) => {
    child.once('close', (code) => {
      const line = output.trim().split('\n').at(-1) ?? ''
      if (code === 0 && line.startsWith('{')) resolve(JSON.parse(line) as PeerRun)
      else reject(new Error(`The peer ended with code ${code}: ${line}`))
    })
  })
}
