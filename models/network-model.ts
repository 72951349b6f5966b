import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorMessage, LarderError, type ModelVersion } from '../domain/index.ts'
import type { BacktestReport } from './backtest.ts'
import type { Calibration, CalibrationEffect } from './calibration.ts'
import { describeReport } from './describe-report.ts'
import type { FeatureLayout } from './features/index.ts'
import type { NetworkShape } from './network/index.ts'

/** Goes up with every change of inputs, network or units: a model of another one is trained again, never misread. */
export const modelFormat = 6
export const codeVersion = `0.1.0+models.${modelFormat}`

/** One trained network of those that answer together. */
export interface NetworkMember {
  readonly seed: number
  /** In the order of the network's variables. */
  readonly weights: Float32Array
}

/** Trained networks that answer as one, with all that is needed to use them and to say where they came from. */
export interface NetworkModel {
  readonly format: number
  readonly version: ModelVersion
  readonly layout: FeatureLayout
  readonly shape: NetworkShape
  /** Of each input, over the first epoch: inputs go in as (value - mean) / deviation. */
  readonly means: readonly number[]
  readonly deviations: readonly number[]
  readonly backend: string
  readonly tensorflow: string
  readonly epochs: number
  /** True where the limit of minutes cut training short, so that the seed alone does not give these weights again. */
  readonly cutShort: boolean
  /** Stores that it has learnt from: no input, but what its scores are told apart by. */
  readonly sites: readonly string[]
  /** How it did on days before it had seen them; beside it lie `report.json` and `report.txt`. */
  readonly report: BacktestReport | null
  /** Learnt from days that the members had not seen; null where none helped. */
  readonly calibration: Calibration | null
  /** What it did to forecasts of days that it was not learnt from, by measure: [before, after]. */
  readonly calibrationEffect: CalibrationEffect | null
  /** How many the plan wanted: one that diverged with two seeds is left out. */
  readonly membersPlanned: number
  /** Alike in layout, shape and scaling; their answers are averaged. At least one. */
  readonly members: readonly NetworkMember[]
}

const modelFile = 'model.json'
const weightsFile = 'weights.bin'
const reportFiles = { json: 'report.json', text: 'report.txt' } as const

/** Weights first, then the description that names their checksum: a reader never pairs one with another's. */
export async function saveModel(folder: string, model: NetworkModel): Promise<void> {
  const { members, report, ...description } = model
  const bytes = weightsOf(model)
  await mkdir(folder, { recursive: true })
  if (report) {
    await replaceFile(join(folder, reportFiles.json), `${JSON.stringify(report, null, 1)}\n`)
    await replaceFile(join(folder, reportFiles.text), describeReport(report))
  }
  await replaceFile(join(folder, weightsFile), bytes)
  await replaceFile(
    join(folder, modelFile),
    `${JSON.stringify({ ...description, seeds: members.map(({ seed }) => seed), weightsSha256: sha256(bytes) }, null, 1)}\n`,
  )
}

/** The weights of all members, one after the other: what the file holds. */
export function weightsOf({ members }: Pick<NetworkModel, 'members'>): Uint8Array {
  return Buffer.concat(
    members.map(
      ({ weights }) => new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength),
    ),
  )
}

export async function loadModel(folder: string): Promise<NetworkModel> {
  try {
    const text = await readFile(join(folder, modelFile), 'utf8')
    const { weightsSha256, seeds, ...description } = JSON.parse(text) as Omit<
      NetworkModel,
      'members' | 'report'
    > & { weightsSha256: string; seeds: readonly number[] }
    if (description.format !== modelFormat) {
      throw new Error(`it has format ${description.format}, this program reads ${modelFormat}`)
    }
    const bytes = await readFile(join(folder, weightsFile))
    if (sha256(bytes) !== weightsSha256) throw new Error('its weights do not match its description')
    const all = new Float32Array(new Uint8Array(bytes).buffer)
    const size = all.length / seeds.length
    const members = seeds.map((seed, m) => ({
      seed,
      weights: all.slice(m * size, (m + 1) * size),
    }))
    return { ...description, members, report: await readReport(folder) }
  } catch (error) {
    throw new LarderError(
      'RT_FILE_UNREADABLE',
      `The model in ${folder} cannot be used: ${errorMessage(error)}. Train it again with "larder models train".`,
      { cause: error },
    )
  }
}

/** A model whose report was lost still serves. */
async function readReport(folder: string): Promise<BacktestReport | null> {
  try {
    return JSON.parse(await readFile(join(folder, reportFiles.json), 'utf8')) as BacktestReport
  } catch {
    return null
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** A crash leaves the old file or the new one, never half of either. */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${path}.new`, content)
  await rename(`${path}.new`, path)
}
