import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { LarderProcess } from './larder-process.ts'

/** Devices in a process of their own that publish until stopped, and the list they keep of what was acknowledged. */
export interface Publisher {
  /** Lines `site/device seq`. */
  acknowledged(): readonly string[]
  /** Resolves once all that was sent is acknowledged. */
  stop(): Promise<void>
  kill(): void
}

/** Whoever answers the API: one process, or several. */
export type Asked = Pick<LarderProcess, 'request'>

/** Registers probes and has them publish: see publisher.ts. A device may be named with a site of its own, `site/device`. */
export async function startPublisher(options: {
  readonly larder: Asked
  readonly mqttPort: number
  readonly ledger: string
  readonly site: string
  readonly devices: readonly string[]
  /** Between two messages of each of a device's 20 in flight. */
  readonly pauseMs?: number
}): Promise<Publisher> {
  const { larder, mqttPort, ledger, site, devices } = options
  const credentials: unknown[] = []
  for (const path of devices) {
    const [own, device] = path.includes('/') ? path.split('/') : [site, path]
    const request = { site: own, device, kind: 'probe' }
    const { status, body } = await larder.request('POST', '/v1/devices', request)
    expect(status).toBe(201)
    credentials.push(body)
  }
  const program = join(import.meta.dirname, 'publisher.ts')
  const child = spawn(
    process.execPath,
    [
      ...['--import', 'tsx', program, String(mqttPort), ledger],
      ...[JSON.stringify(credentials), String(options.pauseMs ?? 0)],
    ],
    { stdio: ['pipe', 'inherit', 'inherit'] },
  )
  const ended = new Promise((resolve) => child.once('exit', resolve))
  return {
    acknowledged() {
      try {
        return readFileSync(ledger, 'utf8').split('\n').filter(Boolean)
      } catch {
        return []
      }
    },
    async stop() {
      child.stdin.end()
      await ended
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

/** Every acknowledged message of these devices is stored within 30 seconds, and none is stored twice. */
export async function expectStoredOnce(
  larder: Asked,
  site: string,
  devices: readonly string[],
  acknowledged: readonly string[],
): Promise<void> {
  for (const device of devices) {
    const path = `${site}/${device} `
    const sent = acknowledged
      .filter((line) => line.startsWith(path))
      .map((line) => Number(line.slice(path.length)))
    let stored: number[] = []
    let lost = sent
    for (const deadline = Date.now() + 30_000; lost.length > 0 && Date.now() < deadline;) {
      stored = await storedSeqs(larder, site, device)
      const seen = new Set(stored)
      lost = sent.filter((seq) => !seen.has(seq))
      if (lost.length > 0) await sleep(100)
    }
    expect(lost, `${device}: acknowledged and lost`).toEqual([])
    expect(stored.length, `${device}: stored twice`).toBe(new Set(stored).size)
  }
}

async function storedSeqs(larder: Asked, site: string, device: string): Promise<number[]> {
  const seqs: number[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const query = new URLSearchParams({
      ...{ site, device, channel: 'celsius', limit: '1000' },
      ...(cursor === '' ? {} : { cursor }),
    })
    const answer = await larder.request('GET', `/v1/readings?${query.toString()}`)
    expect(answer.status).toBe(200)
    const page = answer.body as { items: { seq: number }[]; next: string | null }
    seqs.push(...page.items.map(({ seq }) => seq))
    cursor = page.next
  }
  return seqs
}
