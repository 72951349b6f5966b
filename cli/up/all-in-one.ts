import { fileURLToPath } from 'node:url'
import { loadKeys, startApi } from '../../api/index.ts'
import type { Settings } from '../../config/index.ts'
import { LarderError, minuteMs, type Progress, type SystemStatus } from '../../domain/index.ts'
import { startGateway } from '../../gateway/index.ts'
import { startIngestWorker } from '../../ingest/index.ts'
import { startMessageLogWorker } from '../../message-log/index.ts'
import { startModelsWorker } from '../../models/index.ts'
import { availability, estimateBasketMinutes, startPlannerWorker } from '../../planner/index.ts'
import {
  broadcastClock,
  compiledUrl,
  createCityClock,
  createMetrics,
  createRandom,
  createStopList,
  wallClock,
  type DataFolder,
  type Logger,
  type Stage,
} from '../../runtime/index.ts'
import {
  createDeviceRegistry,
  startOperationsWorker,
  startSeriesWorker,
} from '../../store/index.ts'
import { startCityProcess, type CityProcess } from './city-process.ts'
import { keepClock, readAnchor } from './clock-file.ts'
import { governClock } from './clock-governor.ts'

export interface AllInOne extends Stage {
  readonly http: string
  readonly mqtt: string
  readonly loginLink: string
  status(): Promise<SystemStatus>
  progress(): Progress | null
}
