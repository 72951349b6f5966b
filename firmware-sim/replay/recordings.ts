import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { LarderError } from '../../domain/index.ts'
import type { World } from '../city/index.ts'
import { readColdLog, type ColdLog } from './cold-log.ts'
import { readPedestrians } from './pedestrians.ts'
import { createReplayWorld } from './replay-world.ts'

/** The Parquet reader is loaded only where something is replayed. FreshRetailNet is needed; counters and cold logs are used where they are there. A problem is said with the file and what to do. */
export async function openRecordings(options: {
  /** With `freshretailnet/`, `footfall/` and `cold/`. */
  readonly folder: string
  readonly startAt: number
  readonly historyDays: number
  readonly size: { readonly stores: number; readonly products: number }
  readonly from?: unknown
}): Promise<World> {
  const { folder } = options
  checkFolder(folder)
  const { readFreshRetail } = await import('./fresh-retail.ts')
  const sales = await readFreshRetail(salesFile(folder), options.size)
  const counters = listOf(join(folder, 'footfall')).find((name) => name.endsWith('.csv.gz'))
  const cold = new Map<string, ColdLog>()
  for (const [room, name] of [
    ['chilled-1', 'fridge.csv'],
    ['chilled-2', 'fruits.csv'],
    ['frozen-1', 'freezer.csv'],
  ] as const) {
    const path = join(folder, 'cold', name)
    if (existsSync(path)) cold.set(room, readColdLog(path))
  }
  const footfall =
    counters === undefined ? null : readPedestrians(join(folder, 'footfall', counters))
  return createReplayWorld({ ...options, recordings: { sales, footfall, cold } })
}

/** Rejects with a sentence where a folder cannot be replayed, as far as that shows without reading it whole. */
export async function checkRecordings(folder: string): Promise<void> {
  checkFolder(folder)
  const { checkFreshRetail } = await import('./fresh-retail.ts')
  await checkFreshRetail(salesFile(folder))
}

function salesFile(folder: string): string {
  return join(folder, 'freshretailnet', 'train.parquet')
}

function checkFolder(folder: string): void {
  if (existsSync(folder)) return
  throw new LarderError(
    'RT_FILE_UNREADABLE',
    `There is no folder ${folder} to replay. --replay takes a folder with freshretailnet/train.parquet and, if you have them, footfall/ and cold/.`,
  )
}

function listOf(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : []
}
