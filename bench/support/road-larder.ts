import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { percentiles } from '../../test/support/load-fleet.ts'
import { startLarder, temporaryFolder } from '../../test/support/larder-process.ts'
import {
  roadChannels,
  startRoadLoad,
  type RoadCredential,
  type RoadLoad,
  type RoadResult,
} from '../../test/support/road-load.ts'

/** Of node for Larder's process: as `npm start` has it, and more from BENCH_NODE_ARGS, e.g. --cpu-prof. */
const nodeArgs = [
  '--max-semi-space-size=4',
  ...(process.env.BENCH_NODE_ARGS ?? '').split(' ').filter(Boolean),
]
const ticksPerSecond = 100
const site = 's1'
const longestMs = 120_000

/** One `larder up` on an empty folder, and devices that publish to it. */
export interface Road {
  /** Sends, and waits until the newest message of every device can be queried through the API. */
  run(order: Parameters<RoadLoad['publish']>[0]): Promise<RoadRun>
  /** Milliseconds since the newest value was published that the API gives of a device: at least the time from publish to queryable. */
  watchAge(during: Promise<unknown>): Promise<ReturnType<typeof percentiles>>
}

export interface RoadRun extends RoadResult {
  readonly storedSeconds: number
  readonly larderCpuSeconds: number
  readonly rssPeakMb: number
  /** Messages acknowledged and not yet stored, looked at every half second. */
  readonly backlogs: readonly number[]
}

export async function withRoad<T>(devices: number, run: (road: Road) => Promise<T>): Promise<T> {
  const folder = temporaryFolder('road')
  const load = await startRoadLoad()
  const args = ['--sim', 'none', '--speed', '1']
  const larder = await startLarder(join(folder.path, 'data'), {
    args,
    nodeArgs,
    env: { LARDER_MODELS_ENABLED: 'true' },
  })
  const pid = larder.child.pid!

  async function ask<A>(path: string): Promise<A> {
    const { status, body } = await larder.request('GET', path)
    if (status !== 200) throw new Error(`${path} answered ${status}`)
    return body as A
  }
  const latest = async (query: string): Promise<readonly { seq: number; at: string }[]> =>
    (
      await ask<{ items: { seq: number; at: string }[] }>(
        `/v1/readings/latest?limit=10000&site=${site}&${query}`,
      )
    ).items

  async function storedMessages(): Promise<number> {
    const text = await (
      await fetch(`${larder.url}/metrics`, {
        headers: { authorization: `Bearer ${larder.ownerKey}` },
      })
    ).text()
    return Number(/^larder_ingest_messages_total (\d+)/m.exec(text)?.[1] ?? 0)
  }

  try {
    const credentials: RoadCredential[] = []
    for (let i = 0; i < devices; i++) {
      const device = { site, device: `dev-${String(i).padStart(4, '0')}`, kind: 'probe' }
      const { status, body } = await larder.request('POST', '/v1/devices', device)
      if (status !== 201) throw new Error(`a device could not be registered: ${status}`)
      credentials.push(body as RoadCredential)
    }
    await load.connect(larder.mqttPort, credentials)
    return await run({
      async run(order) {
        const cpuBefore = cpuSeconds(pid)
        const startedAt = performance.now()
        const backlogs: number[] = []
        const sent = new AbortController()
        const watching = (async () => {
          while (await isStill(sent.signal, 500)) {
            const stored = await storedMessages()
            backlogs.push(Math.max(0, load.acknowledged() - stored))
          }
        })()
        const result = await load.publish(order)
        sent.abort()
        const wanted = [...result.lastSeqs].sort((a, b) => a - b)
        const isStored = async (): Promise<boolean> => {
          const found = (await latest(`channel=${roadChannels[0]}`)).map(({ seq }) => seq)
          return String(found.sort((a, b) => a - b)) === String(wanted)
        }
        const deadline = Date.now() + longestMs
        while (!(await isStored())) {
          if (Date.now() > deadline) throw new Error('not all was stored within two minutes')
          await sleep(10)
        }
        const storedSeconds = (performance.now() - startedAt) / 1000
        await watching
        return {
          ...{ ...result, storedSeconds, backlogs },
          larderCpuSeconds: cpuSeconds(pid) - cpuBefore,
          rssPeakMb: rssPeakMb(pid),
        }
      },
      async watchAge(during) {
        const ages: number[] = []
        const over = new AbortController()
        void during.catch(() => undefined).then(() => over.abort())
        await sleep(1000)
        for (let turn = 0; await isStill(over.signal, 10); turn++) {
          const device = `dev-${String(turn % devices).padStart(4, '0')}`
          const [newest] = await latest(`device=${device}&channel=${roadChannels[0]}`)
          if (newest) ages.push(Date.now() - Date.parse(newest.at))
        }
        return percentiles(ages)
      },
    })
  } finally {
    load.stop()
    await (nodeArgs.length > 0 ? larder.stop() : larder.kill())
    folder.remove()
  }
}

/** Whether it still goes on after a while. */
async function isStill(signal: AbortSignal, afterMs: number): Promise<boolean> {
  await sleep(afterMs)
  return !signal.aborted
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

function rssPeakMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024)
}
