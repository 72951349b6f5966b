import type { Clock, ForecastTarget, RegisteredModel } from '../domain/index.ts'
import type { Logger } from '../runtime/index.ts'
import { targets, type Server } from './forecast-round.ts'
import type { StartHelper } from './ensemble/index.ts'
import { createVersionForecaster } from './network-forecaster.ts'
import type { NetworkModel } from './network-model.ts'
import type { Registry } from './registry.ts'
import { loadTensorFlow, type BackendChoice } from './tf.ts'

/** Wall time between looks at what a person may have changed. */
const lookEveryMs = 2_000

/** A version in use: what it forecasts with, and all that was learnt. */
export interface ServerInUse extends Server {
  readonly model: NetworkModel
  readonly registered: RegisteredModel
}

/** The networks in use, as the registry has it: one serves each target at most, one more runs in its shadow. */
export interface Serving {
  get(target: ForecastTarget): ServerInUse | null
  shadow(target: ForecastTarget): ServerInUse | null
  /** Takes up what the registry says now. */
  follow(): Promise<void>
  /** Follows until the signal. */
  run(): Promise<void>
  /** Tells that another network serves now. */
  onChange(listener: () => void): void
  dispose(): void
}

export function createServing(deps: {
  readonly registry: Registry
  readonly backend: BackendChoice
  readonly isEnabled: boolean
  readonly startHelper?: StartHelper | undefined
  /** The city's. */
  readonly clock: Clock
  readonly wall: Clock
  readonly logger: Logger
  readonly signal: AbortSignal
}): Serving {
  const { registry, clock, wall, logger, signal } = deps
  type InUse = ServerInUse & { dispose(): void }
  const used = { serving: new Map<string, InUse>(), shadow: new Map<string, InUse>() }
  const listeners: (() => void)[] = []

  const open = async (registered: RegisteredModel): Promise<InUse | null> => {
    const model = await registry.load(registered, clock.now())
    if (!model) return null
    const tensorFlow = await loadTensorFlow(deps.backend)
    const { version, label, reason } = registered
    const forecaster = createVersionForecaster(tensorFlow, model, deps.startHelper)
    const dispose = (): void => forecaster.dispose()
    return { forecaster, version, label, reason, model, registered, dispose }
  }

  /** True where something else is in use now. */
  const take = async (
    state: 'serving' | 'shadow',
    target: ForecastTarget,
    wanted: RegisteredModel | null,
  ): Promise<boolean> => {
    const present = used[state].get(target)
    if (present?.version === wanted?.version) return false
    const next = wanted ? await open(wanted) : null
    signal.throwIfAborted()
    present?.dispose()
    if (next) used[state].set(target, next)
    else used[state].delete(target)
    if (next) logger.info({ version: next.version, state, reason: next.reason }, 'model in use')
    return true
  }

  const follow = async (): Promise<void> => {
    if (!deps.isEnabled) return
    let isOther = false
    for (const target of targets) {
      const models = await registry.list(target)
      const find = (state: string): RegisteredModel | null =>
        models.find((one) => one.state === state) ?? null
      isOther = (await take('serving', target, find('serving'))) || isOther
      await take('shadow', target, find('shadow'))
    }
    if (isOther) for (const listener of listeners) listener()
  }

  let running: Promise<void> = Promise.resolve()
  /** One look at a time. */
  const followNext = (): Promise<void> => {
    const next = running.then(follow, follow)
    running = next.catch(() => undefined)
    return next
  }

  return {
    get: (target) => used.serving.get(target) ?? null,
    shadow: (target) => used.shadow.get(target) ?? null,
    onChange: (listener) => void listeners.push(listener),
    follow: followNext,
    async run() {
      while (!signal.aborted) {
        await wall.sleepUntil(wall.now() + lookEveryMs, { signal })
        try {
          await followNext()
        } catch (error) {
          signal.throwIfAborted()
          logger.error({ err: error }, 'what the registry says could not be read')
        }
      }
    },
    dispose() {
      for (const servers of Object.values(used)) {
        for (const server of servers.values()) server.dispose()
        servers.clear()
      }
    },
  }
}
