import type { Progress, StageStatus, SystemStatus } from '../../domain/index.ts'
import type { Gateway } from '../../gateway/index.ts'
import type { IngestWorker } from '../../ingest/index.ts'
import type { ModelsWorker } from '../../models/index.ts'
import type { PlannerControl } from '../../planner/index.ts'
import type { CityClock } from '../../runtime/index.ts'
import type { CityProcess } from './city-process.ts'

/** Asks every stage how it is; a stage that does not answer in time counts as not ready. */
export function createStatus(parts: {
  readonly clock: CityClock
  readonly governor: { reasons(): readonly string[] }
  readonly ingest: IngestWorker
  readonly models: ModelsWorker
  readonly planner: PlannerControl
  readonly gateway: Gateway
  readonly city: () => CityProcess | null
}): () => Promise<SystemStatus> {
  const { clock, governor, ingest, models, planner, gateway } = parts
  return async () => {
    const city = parts.city()
    const [gatewayStatus, ingestStatus, modelsStatus, plannerStatus] = await Promise.all([
      gateway.status(),
      ingest.status(),
      models.status(),
      planner.status(),
    ])
    const stages: StageStatus[] = [
      gatewayStatus,
      { name: 'ingest', ready: true, words: describeLag(ingestStatus.lagMs, governor.reasons()) },
      { name: 'models', ready: modelsStatus.ready, words: modelsStatus.words },
      { name: 'planner', ready: plannerStatus.ready, words: plannerStatus.words },
    ]
    if (city) stages.push({ name: 'city', ready: city.isRunning(), words: city.words() })
    const progress: Progress | null = city?.progress() ?? modelsStatus.progress
    return {
      ready: stages.every((stage) => stage.ready),
      stages,
      clock: { ...clock.anchor(), now: clock.now(), waiting: clock.isWaiting() },
      ingestLagMs: ingestStatus.lagMs,
      messagesKept: ingestStatus.counts.messages,
      readingsStored: ingestStatus.counts.readings,
      progress,
    }
  }
}

function describeLag(lagMs: number, waitingFor: readonly string[]): string {
  const lag = lagMs < 1000 ? 'up to date' : `${Math.round(lagMs / 1000)} s of city time behind`
  return waitingFor.includes('ingest') ? `${lag}; the city clock waits` : lag
}
