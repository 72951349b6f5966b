import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { createApi, type Api, type ApiDeps } from '../../api/index.ts'
import { loadSettings } from '../../config/index.ts'
import type { SystemStatus } from '../../domain/index.ts'
import { createManualClock, silentLogger, type ManualClock } from '../../runtime/index.ts'
import {
  createSqliteOperationsStore,
  createSqliteSeriesStore,
  type OperationsStore,
  type SeriesStore,
} from '../../store/index.ts'
import { documentOf, problemsOfAnswer } from './answers.ts'

export const ownerKey = 'owner-key-of-the-tests-0123456789-abcdef'
export const simKey = 'sim-key-of-the-tests-0123456789-abcdefgh'
/** Sunday 2026-11-22 09:00 in Shanghai. */
export const testStart = Date.UTC(2026, 10, 22, 1)

export interface TestApi {
  readonly api: Api
  readonly app: FastifyInstance
  readonly deps: ApiDeps
  readonly operations: OperationsStore
  readonly series: SeriesStore
  readonly wall: ManualClock
  /** As the owner, JSON in and out; the answer is held against the OpenAPI document. */
  ask(
    method: NonNullable<InjectOptions['method']>,
    url: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<LightMyRequestResponse>
  close(): Promise<void>
}

/** The API over stores in memory and a clock that stands still. */
export async function createTestApi(changes: Partial<ApiDeps> = {}): Promise<TestApi> {
  const operations = await createSqliteOperationsStore({ file: ':memory:' })
  const series = createSqliteSeriesStore({ file: ':memory:' })
  const clock = createManualClock(testStart)
  const wall = createManualClock(testStart)
  const settings = loadSettings({ flags: {}, env: {}, file: null })
  const anchor = { wallAt: testStart, cityAt: testStart, speed: 0 }
  const status: SystemStatus = {
    ready: true,
    stages: [{ name: 'gateway', ready: true, words: 'listens' }],
    clock: { ...anchor, now: testStart, waiting: false },
    ingestLagMs: 0,
    messagesKept: 3,
    readingsStored: 4,
    progress: null,
  }
  const deps: ApiDeps = {
    operations,
    series,
    seriesWriter: series,
    clock: { now: () => clock.now(), anchor: () => anchor, isWaiting: () => false },
    wall,
    keys: { owner: ownerKey, sim: simKey, isNew: false },
    settings: { ...settings.http, ...settings.api },
    simulated: false,
    status: () => Promise.resolve(status),
    metricsText: () => Promise.resolve('# HELP larder_up Up.\nlarder_up 1\n'),
    boardFolder: null,
    logger: silentLogger,
    backups: { start: () => Promise.reject(new Error('none here')), list: () => [] },
    replayDeadLetters: () => Promise.resolve({ replayed: 0, stillBad: 0 }),
    estimateBasketMinutes: (basket) => ({
      p50: 2 * basket.lines.length,
      p90: 3 * basket.lines.length,
    }),
    ...changes,
  }
  const api = await createApi(deps)
  const document = documentOf(api.app)
  return {
    api,
    app: api.app,
    deps,
    operations,
    series,
    wall,
    async ask(method, url, body, headers = {}) {
      const answer = await api.app.inject({
        method,
        url,
        headers: { authorization: `Bearer ${ownerKey}`, ...headers },
        ...(body === undefined ? {} : { payload: body as object }),
      })
      const problems = problemsOfAnswer(document, method, url, answer)
      if (problems.length > 0) throw new Error(`${problems.join('; ')}\n${answer.body}`)
      return answer
    },
    async close() {
      await api.app.close()
      await operations.close()
      await series.close()
    },
  }
}
