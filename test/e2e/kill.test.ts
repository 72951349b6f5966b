import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createRandom } from '../../runtime/index.ts'
import { startLarder, temporaryFolder, type LarderProcess } from '../support/larder-process.ts'

const kills = 10
const seed = Number(process.env.LARDER_TEST_SEED ?? 1)

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

interface Reading {
  readonly channel: string
  readonly seq: number
  readonly boot: string
}

async function storedSeqs(larder: LarderProcess, device: string): Promise<number[]> {
  const seqs: number[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const query = new URLSearchParams({
      site: 'kill',
      device,
      channel: 'celsius',
      limit: '1000',
      ...(cursor === '' ? {} : { cursor }),
    })
    const answer = await larder.request('GET', `/v1/readings?${query.toString()}`)
    expect(answer.status).toBe(200)
    const page = answer.body as { items: Reading[]; next: string | null }
    seqs.push(...page.items.map((reading) => reading.seq))
    cursor = page.next
  }
  return seqs
}

test(`after ${kills} SIGKILLs in mid-stream every acknowledged message is stored exactly once`, async () => {
  const folder = temporaryFolder('kill')
  const data = join(folder.path, 'data')
  const ledger = join(folder.path, 'acknowledged.txt')
  const mqttPort = await freePort()
  const args = ['--sim', 'none', '--mqtt', String(mqttPort), '--http', '0', '--speed', '1']
  const random = createRandom(seed)
  let larder = await startLarder(data, { args })
  const devices = ['probe-1', 'probe-2', 'probe-3', 'probe-4']
  const credentials: unknown[] = []
  for (const device of devices) {
    const { status, body } = await larder.request('POST', '/v1/devices', {
      site: 'kill',
      device,
      kind: 'probe',
    })
    expect(status).toBe(201)
    credentials.push(body)
  }
  const publisher = spawn(
    process.execPath,
    [
      '--import',
      'tsx',
      join(import.meta.dirname, '../support/publisher.ts'),
      String(mqttPort),
      ledger,
      JSON.stringify(credentials),
    ],
    { stdio: ['pipe', 'inherit', 'inherit'] },
  )
  const publisherEnded = new Promise((resolve) => publisher.once('exit', resolve))
  const acknowledged = (): string[] => {
    try {
      return readFileSync(ledger, 'utf8').split('\n').filter(Boolean)
    } catch {
      return []
    }
  }
  try {
    for (let kill = 0; kill < kills; kill++) {
      const before = acknowledged().length
      while (acknowledged().length === before) await sleep(20)
      await sleep(100 + random.next() * 500)
      await larder.kill()
      larder = await startLarder(data, { args })
    }
    publisher.stdin.end()
    await publisherEnded

    const lines = acknowledged()
    expect(lines.length).toBeGreaterThan(kills * 20)
    for (const device of devices) {
      const acked = lines
        .filter((line) => line.startsWith(`kill/${device} `))
        .map((line) => Number(line.split(' ')[1]))
      let stored: number[] = []
      for (let tries = 0; tries < 100; tries++) {
        stored = await storedSeqs(larder, device)
        const seen = new Set(stored)
        if (acked.every((seq) => seen.has(seq))) break
        await sleep(100)
      }
      const set = new Set(stored)
      expect(
        acked.filter((seq) => !set.has(seq)),
        `seed ${seed}: acknowledged and lost`,
      ).toEqual([])
      expect(stored.length, `seed ${seed}: stored twice`).toBe(set.size)
    }
  } finally {
    publisher.kill('SIGKILL')
    await larder.kill()
    folder.remove()
  }
})
