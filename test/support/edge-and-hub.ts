import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startLarder, temporaryFolder, type LarderProcess } from './larder-process.ts'
import { freePort } from '../../scripts/servers/free-port.ts'

/** A hub (`larder up`) and an edge gateway in processes of their own, each on ports that stay through a restart. */
export interface EdgeAndHub {
  readonly folder: string
  readonly edgePort: number
  readonly hubPort: number
  hub(): LarderProcess
  edge(): LarderProcess
  startHub(): Promise<void>
  startEdge(env?: Record<string, string>): Promise<void>
  /** A figure of the edge's metrics, all labels summed. */
  metric(name: string): Promise<number>
  stop(): Promise<void>
}

export const site = 's1'

/** Both run; the edge is registered at the hub. `uplinkPort`: what stands between them. */
export async function startEdgeAndHub(
  name: string,
  options: { readonly uplinkPort?: (hubPort: number) => Promise<number> } = {},
): Promise<EdgeAndHub> {
  const folder = temporaryFolder(name)
  const [hubPort, edgePort] = [await freePort(), await freePort()]
  const uplinkPort = (await options.uplinkPort?.(hubPort)) ?? hubPort
  const passwordFile = join(folder.path, 'password')
  let hub: LarderProcess | undefined
  let edge: LarderProcess | undefined

  const startHub = async (): Promise<void> => {
    const args = ['--sim', 'none', '--speed', '1', '--mqtt', String(hubPort)]
    hub = await startLarder(join(folder.path, 'hub'), { args })
  }
  const startEdge = async (env: Record<string, string> = {}): Promise<void> => {
    const to = ['--uplink', `mqtt://127.0.0.1:${uplinkPort}`, '--site', site, '--name', 'edge-1']
    edge = await startLarder(join(folder.path, 'edge'), {
      command: 'gateway',
      args: [...to, '--password-file', passwordFile, '--mqtt', String(edgePort)],
      env: { NODE_OPTIONS: '', ...env },
    })
  }
  await startHub()
  const registration = { site, device: 'edge-1', kind: 'gateway' }
  const { body } = await hub!.request('POST', '/v1/devices', registration)
  writeFileSync(passwordFile, (body as { password: string }).password, { mode: 0o600 })
  await startEdge()

  return {
    ...{ folder: folder.path, edgePort, hubPort, startHub, startEdge },
    hub: () => hub!,
    edge: () => edge!,
    async metric(metric) {
      const headers = { authorization: `Bearer ${edge!.ownerKey}` }
      const text = await (await fetch(`${edge!.url}/metrics`, { headers })).text()
      const lines = text.split('\n').filter((line) => /^\w+/.exec(line)?.[0] === metric)
      return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
    },
    async stop() {
      await edge?.kill()
      await hub?.kill()
      folder.remove()
    },
  }
}

export async function until(
  isTrue: () => boolean | Promise<boolean>,
  withinMs: number,
  what: string,
): Promise<void> {
  for (const deadline = Date.now() + withinMs; !(await isTrue());) {
    if (Date.now() > deadline) throw new Error(`not within ${withinMs / 1000} s: ${what}`)
    await sleep(50)
  }
}
