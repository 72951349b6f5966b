import { fileURLToPath } from 'node:url'
import { loadKeys, startApi } from '../../api/index.ts'
import { LarderError, type DeadLetterReason } from '../../domain/index.ts'
import { replayDeadLetters } from '../../ingest/index.ts'
import { estimateBasketMinutes } from '../../planner/index.ts'
import { compiledUrl, openDataFolder, wallClock } from '../../runtime/index.ts'
import { openSeries } from './engines.ts'
import { runStage } from './run-stage.ts'
import { describeSystem } from './describe-system.ts'
import { loadStageSettings, type StageOptions } from './stage-settings.ts'

/** The HTTP API and the board; any number of them share the stores. */
export function runApi(options: StageOptions): Promise<void> {
  const settings = loadStageSettings(options)
  return runStage(
    {
      name: 'api',
      needs: ['series', 'operations'],
      ownStatusServer: true,
      async start({ operations, logger, open, stops, status, metricsText }) {
        const folder = openDataFolder(settings.data)
        stops.add('the data folder', () => folder.release())
        const series = await open('InfluxDB', () => openSeries(settings, operations.store, logger))
        const isSimulated = settings.city.sim === 'city'
        const keys = loadKeys(folder.path, { wantSim: isSimulated, ...settings.api })
        const startedAt = wallClock.now()
        const anchor = { wallAt: startedAt, cityAt: startedAt, speed: 1 }
        const stores = { operations: operations.store, series: series.store }
        const api = await startApi({
          ...stores,
          seriesWriter: series.store,
          clock: { now: () => wallClock.now(), anchor: () => anchor, isWaiting: () => false },
          ...{ wall: wallClock, keys, simulated: isSimulated, logger, metricsText },
          settings: { ...settings.http, ...settings.api },
          status: async () =>
            describeSystem(await operations.store.stageReports(), {
              ...{ anchor, now: wallClock.now(), api: await status() },
            }),
          readiness: status,
          boardFolder: fileURLToPath(compiledUrl('../../board', import.meta.url)),
          replayDeadLetters: (reason) =>
            replayDeadLetters({
              ...{ ...stores, clock: wallClock, wall: wallClock, settings: settings.ingest },
              reason: reason as DeadLetterReason | undefined,
            }),
          estimateBasketMinutes,
          backups: {
            start: () =>
              Promise.reject(
                new LarderError(
                  'RT_WRONG_STATE',
                  'The data lie in PostgreSQL, InfluxDB and Kafka, each of which has its own way to be backed up: docs/distributed.md.',
                ),
              ),
            list: () => [],
          },
          ...{ host: settings.http.host, port: settings.http.port },
        })
        stops.add('the API', () => api.stop())
        folder.writeRunInfo({ pid: process.pid, http: api.url, startedAt })
        return {
          condition: () => Promise.resolve({ ready: true, words: 'answers', progress: null }),
          banner: [
            `  board   ${api.url}/`,
            `  API     ${api.url}/docs`,
            ...(process.stdout.isTTY
              ? [
                  `  decide  ${api.createLoginLink()}  (opens the board with the right to decide; works once)`,
                ]
              : []),
            ...(process.stdout.isTTY && keys.isNew
              ? [`  key     ${keys.owner}  (kept in owner.key; shown this once)`]
              : []),
          ],
        }
      },
    },
    settings,
  )
}
