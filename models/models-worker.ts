import type { MessagePort } from 'node:worker_threads'
import type { LarderError } from '../domain/index.ts'
import { compiledUrl, connectRpc, startWorker } from '../runtime/index.ts'
import type { ModelsWorkerData } from './models.worker.ts'
import type { ModelsStatus } from './start-models.ts'

/** The models stage in a thread of its own: training and inference never run where the broker lives. */
export interface ModelsWorker {
  status(): Promise<ModelsStatus>
  metricsText(): Promise<string>
  stop(): Promise<void>
}

const stopWithinMs = 3_000

/** The ports are served by the stores' owners (`serveRpc`) and move to the worker. */
export function startModelsWorker(
  options: ModelsWorkerData & { readonly onDeath: (error: LarderError) => void },
): ModelsWorker {
  const { onDeath, ...data } = options
  const owned = startWorker(compiledUrl('./models.worker.js', import.meta.url), {
    name: 'models',
    data,
    transfer: [data.seriesPort, data.operationsPort],
    onDeath,
  })
  const { remote } = connectRpc<ModelsWorker>(owned.worker as unknown as MessagePort)
  return {
    status: () => remote.status(),
    metricsText: () => remote.metricsText(),
    async stop() {
      let timer: NodeJS.Timeout | undefined
      const deadline = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, stopWithinMs)
      })
      await Promise.race([remote.stop(), deadline]).finally(() => clearTimeout(timer))
      await owned.stop()
    },
  }
}
