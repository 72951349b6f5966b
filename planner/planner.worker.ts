import { workerData } from 'node:worker_threads'
import { createLogger, createMetrics, followClock, serveRpc, wallClock } from '../runtime/index.ts'
import { connectOperationsStore, connectSeriesStore } from '../store/index.ts'
import type { PlannerControl, PlannerWorkerData } from './planner-worker.ts'
import { startPlanner } from './stage/start-planner.ts'

const data = workerData as PlannerWorkerData
const operations = connectOperationsStore(data.operationsPort)
const series = connectSeriesStore(data.seriesPort)
const metrics = createMetrics({ withProcess: false })
const planner = startPlanner({
  operations,
  series,
  clock: followClock(data.anchor),
  wall: wallClock,
  logger: createLogger(data.logLevel).child({ stage: 'planner' }),
  metrics,
  settings: data.settings,
  autoApproveMinutes: data.autoApproveMinutes,
  keepDays: data.keepDays,
  clockSpeed: data.clockSpeed,
})

const control: PlannerControl = {
  status: () => Promise.resolve(planner.status()),
  metricsText: () => metrics.metrics(),
  stop: () => planner.stop(),
}
serveRpc(data.controlPort, control)
