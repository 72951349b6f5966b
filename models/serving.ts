import type { ForecastTarget } from '../domain/index.ts'
import type { Logger } from '../runtime/index.ts'
import type { Server } from './forecast-round.ts'
import { createNetworkForecaster } from './network-forecaster.ts'
import type { NetworkModel } from './network-model.ts'
import { loadTensorFlow, type BackendChoice } from './tf.ts'

/** The networks in use, one per target at most; where there is none a baseline serves. */
export interface Serving {
  get(target: ForecastTarget): Server | null
  serve(model: NetworkModel): Promise<void>
  /** Tells whoever asked before that another network serves now. */
  onChange(listener: () => void): void
  dispose(): void
}

export function createServing(backend: BackendChoice, logger: Logger): Serving {
  const servers = new Map<ForecastTarget, Server & { dispose(): void }>()
  const listeners: (() => void)[] = []
  return {
    get: (target) => servers.get(target) ?? null,
    onChange: (listener) => void listeners.push(listener),
    async serve(model) {
      const { target, version, label } = model.version
      if (target === 'temperature') return
      const tensorFlow = await loadTensorFlow(backend)
      const forecaster = createNetworkForecaster(tensorFlow, { ...model, name: version })
      servers.get(target)?.dispose()
      servers.set(target, { forecaster, version, label, dispose: () => forecaster.dispose() })
      logger.info({ version, label, scores: model.version.scores }, 'model serves')
      for (const listener of listeners) listener()
    },
    dispose() {
      for (const server of servers.values()) server.dispose()
      servers.clear()
    },
  }
}
