import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { BacktestReport } from './backtest.ts'
import { replaceFile, sha256 } from './network-model.ts'

/** Where an interrupted training goes on: everything that the next epoch depends on. */
export interface Checkpoint {
  /** What it belongs to: another history, seed or plan starts afresh. */
  readonly key: string
  readonly epoch: number
  readonly epochsPlanned: number
  readonly settlePlanned: number
  readonly cutShort: boolean
  readonly means: readonly number[]
  readonly deviations: readonly number[]
  readonly report: BacktestReport | null
  /** Steps taken by the optimizer, whose moments follow the weights in `state`. */
  readonly steps: number
  readonly state: Float32Array
}

const names = { json: 'checkpoint.json', bin: 'checkpoint.bin' } as const

export async function saveCheckpoint(folder: string, checkpoint: Checkpoint): Promise<void> {
  const { state, ...rest } = checkpoint
  const bytes = new Uint8Array(state.buffer, state.byteOffset, state.byteLength)
  await mkdir(folder, { recursive: true })
  await replaceFile(join(folder, names.bin), bytes)
  await replaceFile(
    join(folder, names.json),
    JSON.stringify({ ...rest, stateSha256: sha256(bytes) }),
  )
}

/** Null where there is none that fits and is whole. */
export async function loadCheckpoint(folder: string, key: string): Promise<Checkpoint | null> {
  try {
    const { stateSha256, ...rest } = JSON.parse(
      await readFile(join(folder, names.json), 'utf8'),
    ) as Omit<Checkpoint, 'state'> & { stateSha256: string }
    const bytes = await readFile(join(folder, names.bin))
    if (rest.key !== key || sha256(bytes) !== stateSha256) return null
    return { ...rest, state: new Float32Array(new Uint8Array(bytes).buffer) }
  } catch {
    return null
  }
}

export async function removeCheckpoint(folder: string): Promise<void> {
  await rm(join(folder, names.json), { force: true })
  await rm(join(folder, names.bin), { force: true })
}
