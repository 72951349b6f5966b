import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { errorMessage, type ForecastTarget, type ModelVersion } from '../domain/index.ts'
import type { Logger } from '../runtime/index.ts'
import type { OperationsStore } from '../store/index.ts'
import { loadModel, replaceFile, saveModel, type NetworkModel } from './network-model.ts'

/** Versions kept on disk per target besides the serving one. */
const versionsKept = 4

/** The trained versions of one folder, and which of them serves. */
export interface Registry {
  serving(target: ForecastTarget): Promise<NetworkModel | null>
  /** Keeps a version; `serve` puts it in the place of the one that served. */
  add(model: NetworkModel, options: { readonly serve: boolean; readonly at: number }): Promise<void>
}

/** `FOLDER/{version}/model.json` and `FOLDER/serving.json`, which names one version per target. */
export function createRegistry(
  folder: string,
  operations: Pick<OperationsStore, 'saveModel'>,
  logger: Logger,
): Registry {
  const servingFile = join(folder, 'serving.json')

  const readServing = async (): Promise<Partial<Record<ForecastTarget, string>>> => {
    try {
      const known = JSON.parse(await readFile(servingFile, 'utf8')) as Partial<
        Record<ForecastTarget, unknown>
      > | null
      // A name that is none leads to no folder: the model is trained again.
      const names = Object.entries(known ?? {}).filter(([, name]) => typeof name === 'string')
      return Object.fromEntries(names)
    } catch {
      return {}
    }
  }

  return {
    async serving(target) {
      const version = (await readServing())[target]
      if (version === undefined) return null
      try {
        return await loadModel(join(folder, version))
      } catch (error) {
        logger.warn({ version, reason: errorMessage(error) }, 'serving model is trained again')
        return null
      }
    },
    async add(model, { serve, at }) {
      const { version, target } = model.version
      await mkdir(folder, { recursive: true })
      await saveModel(join(folder, version), model)
      const serving = await readServing()
      const before = serving[target]
      if (serve) {
        await replaceFile(servingFile, JSON.stringify({ ...serving, [target]: version }))
        if (before !== undefined && before !== version) {
          const replaced = await loadModel(join(folder, before)).catch(() => null)
          if (replaced) await operations.saveModel({ ...replaced.version, serving: false }, at)
        }
      }
      await operations.saveModel({ ...model.version, serving: serve } satisfies ModelVersion, at)
      await dropOldest(folder, target, new Set([version, (await readServing())[target] ?? '']))
    },
  }
}

async function dropOldest(
  folder: string,
  target: ForecastTarget,
  keep: ReadonlySet<string>,
): Promise<void> {
  const names = await readdir(folder)
  const versions = await Promise.all(
    names
      .filter((name) => name.startsWith(`${target}-`) && !keep.has(name))
      .map(async (name) => ({
        name,
        model: await loadModel(join(folder, name)).catch(() => null),
      })),
  )
  const oldestFirst = versions.sort(
    (a, b) => (a.model?.version.trainedAt ?? 0) - (b.model?.version.trainedAt ?? 0),
  )
  for (const { name } of oldestFirst.slice(0, Math.max(0, oldestFirst.length - versionsKept))) {
    await rm(join(folder, name), { recursive: true, force: true })
  }
}
