import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { errorMessage, type ForecastTarget, type RegisteredModel } from '../domain/index.ts'
import type { Logger } from '../runtime/index.ts'
import type { OperationsStore } from '../store/index.ts'
import { describeReport } from './describe-report.ts'
import { loadModel, saveModel, type NetworkModel } from './network-model.ts'

/** Versions kept on disk per target besides those in use. */
const versionsKept = 4

export type RegistryStore = Pick<
  OperationsStore,
  'list' | 'saveModel' | 'useModel' | 'rollBackModel' | 'saveModelReport'
>

/** What is to be done with a version, and why. */
export interface Verdict {
  readonly state: 'serving' | 'shadow' | 'standby'
  readonly reason: string
}

/**
 * The trained versions: their weights in a folder, `FOLDER/{version}/`, what is done with them in the operations store, where
 * a person may change it at any time.
 */
export interface Registry {
  /** Of a target, newest first. */
  list(target: ForecastTarget): Promise<readonly RegisteredModel[]>
  /** Null where its weights cannot be used: then it is retired, and whoever served before it takes its place. */
  load(model: RegisteredModel, at: number): Promise<NetworkModel | null>
  add(model: NetworkModel, verdict: Verdict, at: number): Promise<void>
  use(version: string, verdict: Verdict, at: number): Promise<void>
  /** Versions that lie in the folder and that the store does not know stand by from now on. */
  adopt(at: number): Promise<void>
}

export function createRegistry(folder: string, store: RegistryStore, logger: Logger): Registry {
  const list = async (target: ForecastTarget): Promise<readonly RegisteredModel[]> =>
    (await store.list('models', { type: target, limit: 1000 })).items
  const dropOldest = async (target: ForecastTarget, at: number): Promise<void> => {
    const kept = (await list(target)).filter(({ state }) => state === 'standby')
    for (const model of kept.slice(versionsKept)) {
      await rm(join(folder, model.version), { recursive: true, force: true })
      const reason = `Newer versions stand by; its weights were dropped. ${model.reason}`
      await store.saveModel({ ...model, state: 'retired', stateSince: at, reason }, at)
    }
  }
  return {
    list,
    async load(model, at) {
      try {
        return await loadModel(join(folder, model.version))
      } catch (error) {
        const reason = errorMessage(error)
        logger.warn({ version: model.version, reason }, 'a model cannot be used')
        await store.saveModel({ ...model, state: 'retired', stateSince: at, reason }, at)
        if (model.state === 'serving') {
          await store.rollBackModel(model.target, 'Larder', at).catch(() => undefined)
        }
        return null
      }
    },
    async add(model, { state, reason }, at) {
      const { version, target } = model.version
      await mkdir(folder, { recursive: true })
      await saveModel(join(folder, version), model)
      if (model.report) {
        const body = JSON.stringify(model.report)
        await store.saveModelReport(version, { body, words: describeReport(model.report) })
      }
      const kept = { stateSince: at, servedUntil: null }
      await store.saveModel(
        { ...model.version, ...kept, state, reason, serving: state === 'serving' },
        at,
      )
      await dropOldest(target, at)
    },
    async use(version, verdict, at) {
      await store.useModel(version, verdict, at)
    },
    async adopt(at) {
      const names = await readdir(folder).catch(() => [])
      if (names.length === 0) return
      const known = new Set(
        (await store.list('models', { limit: 1000 })).items.map((m) => m.version),
      )
      for (const name of names.filter((one) => /-\d{8}-/.test(one) && !known.has(one))) {
        const model = await loadModel(join(folder, name)).catch(() => null)
        if (model?.version.version !== name) continue
        const reason = 'It lay in the folder, and the operations store did not know it.'
        await store.saveModel(
          {
            ...model.version,
            ...{ state: 'standby', serving: false, stateSince: at, reason, servedUntil: null },
          },
          at,
        )
      }
    },
  }
}
