import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startLoadFleet, type LoadFleet } from '../../test/support/load-fleet.ts'
import { startLoneGateway, type LoneGateway } from '../../test/support/lone-gateway.ts'

export type Append = 'durable' | 'stubbed'

/** Options of node for the gateway's process, e.g. --cpu-prof; from BENCH_NODE_ARGS. */
const nodeArgs = (process.env.BENCH_NODE_ARGS ?? '').split(' ').filter(Boolean)

export interface Bench {
  readonly fleet: LoadFleet
  readonly gateway: LoneGateway
  /** Kills the gateway and starts another on the same log. */
  readonly restart: () => Promise<LoneGateway>
}

/** A gateway alone and a fleet alone, each in a process of its own, on an empty folder. */
export async function withGateway<T>(
  append: Append,
  run: (bench: Bench) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'larder-bench-'))
  const file = append === 'durable' ? join(folder, 'log.db') : null
  const fleet = await startLoadFleet()
  const start = (): Promise<LoneGateway> => startLoneGateway({ file }, { nodeArgs })
  let gateway = await start()
  try {
    return await run({
      fleet,
      gateway,
      restart: async () => {
        await gateway.kill()
        return (gateway = await start())
      },
    })
  } finally {
    fleet.stop()
    await (nodeArgs.length > 0 ? gateway.stop() : gateway.kill())
    rmSync(folder, { recursive: true, force: true })
  }
}
