import { LarderError, masterKinds, type Clock, type Progress } from '../../domain/index.ts'
import type { Logger } from '../../runtime/index.ts'
import type { World } from '../city/index.ts'
import { tellContext, type ApiClient } from '../client/index.ts'
import type { Fleet } from '../devices/index.ts'
import { historyCsv, stockCsv } from './history-csv.ts'
import { masterCsv } from './master-csv.ts'

const requestsAtOnce = 8

/**
 * Makes a new city known to Larder: master data, devices, opening stock, its past. Each step may be done again, so that one cut short
 * starts over. Gives the secret of every device by `site/device`; `keep` is called with those known so far.
 */
export async function introduceCity(deps: {
  readonly api: Pick<ApiClient, 'post' | 'importCsv'>
  readonly world: World
  readonly fleet: Pick<Fleet, 'devices'>
  readonly passwords: Readonly<Record<string, string>>
  readonly keep: (passwords: Readonly<Record<string, string>>) => void
  readonly wall: Pick<Clock, 'now'>
  readonly runId: string
  readonly logger: Logger
  readonly onProgress: (progress: Progress) => void
}): Promise<Readonly<Record<string, string>>> {
  const { api, world, fleet } = deps
  const master = world.masterData()
  const timeZone = master.sites[0]?.timeZone ?? 'UTC'
  const progress = (task: string, of: number): ((done: number) => void) => {
    const startedAt = deps.wall.now()
    let all = 0
    return (done) => {
      all += done
      const spentMs = deps.wall.now() - startedAt
      const remainingMs = all === 0 ? null : Math.round((spentMs * (of - all)) / all)
      deps.onProgress({ task, done: all, of, startedAt, remainingMs })
    }
  }

  const items = masterKinds.map((kind) => ({ kind, rows: master[kind] }))
  const masterCount = items.reduce((sum, { rows }) => sum + rows.length, 0)
  const doneMaster = progress('master data', masterCount)
  // Kinds one after another: planograms and lanes speak of sites and products.
  for (const { kind, rows } of items)
    if (rows.length > 0) {
      await importChecked(`master-${kind}`, masterCsv(rows), kind)
      doneMaster(rows.length)
    }

  const passwords = { ...deps.passwords }
  const missing = fleet.devices.filter(({ path }) => passwords[path] === undefined)
  const doneDevices = progress('devices', missing.length)
  try {
    await inParallel(missing, async ({ path, site, device, kind, zone }) => {
      const login = await api.post<{ password: string }>(
        '/v1/devices',
        { site, device, kind, ...(zone === null ? {} : { zone }) },
        `${deps.runId}-device-${path.replace('/', '.')}`,
      )
      passwords[path] = login.password
      doneDevices(1)
    })
  } finally {
    deps.keep(passwords)
  }

  await importChecked('opening-stock', stockCsv(world.stock()))
  await tellContext(api, [...world.history().context()], `${deps.runId}-past-context`)
  const chunks = [...historyCsv(world.history(), timeZone, world.now())]
  const sizes = new Map<string, number>()
  for (const { task, rows } of chunks) sizes.set(task, (sizes.get(task) ?? 0) + rows)
  const bars = new Map([...sizes].map(([task, of]) => [task, progress(task, of)]))
  for (const [number, { task, csv, rows }] of chunks.entries()) {
    await importChecked(`history-${number}`, csv)
    bars.get(task)?.(rows)
  }
  return passwords

  async function importChecked(name: string, csv: string, kind?: string): Promise<void> {
    const answer = await api.importCsv(csv, `${deps.runId}-${name}`, kind)
    if (answer.rejected === 0) return
    const [first] = answer.problems
    deps.logger.warn(
      `${answer.rejected} rows of ${name} were not taken; line ${first?.line ?? '?'}: ${first?.words ?? 'no reason given'}`,
    )
    if (answer.accepted === 0)
      throw new LarderError('RT_REQUEST_INVALID', `Nothing of ${name} was taken by the API.`)
  }
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values()
  const one = async (): Promise<void> => {
    for (const item of left) await work(item)
  }
  await Promise.all(Array.from({ length: requestsAtOnce }, one))
}
