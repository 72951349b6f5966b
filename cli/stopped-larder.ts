import type { InjectOptions } from 'fastify'
import { createApi, loadKeys } from '../api/index.ts'
import { loadSettings, operationsAddress } from '../config/index.ts'
import { LarderError, type DeadLetterReason } from '../domain/index.ts'
import { replayDeadLetters } from '../ingest/index.ts'
import { estimateBasketMinutes } from '../planner/index.ts'
import { openDataFolder, silentLogger, wallClock } from '../runtime/index.ts'
import { createSqliteSeriesStore, openOperationsStore } from '../store/index.ts'
import { contentType, type Asked } from './ask.ts'
import { readBackupList } from './backup/backup-list.ts'
import { mendFolder } from './folder/mend-folder.ts'
import { storesHere } from './folder/stores-here.ts'
import { stoppedCityTime } from './up/clock-file.ts'

/** The API over the stores of a Larder that does not run, under its lock. */
export async function askStores(data: string): Promise<Asked> {
  const folder = openDataFolder(data)
  const closers: (() => Promise<void>)[] = [
    () => {
      folder.release()
      return Promise.resolve()
    },
  ]
  const close = async (): Promise<void> => {
    for (let next = closers.pop(); next; next = closers.pop()) await next()
  }
  try {
    const settings = loadSettings({ flags: {}, env: process.env, file: null })
    const stores = storesHere(settings)
    for (const words of mendFolder(data, { wallAt: wallClock.now(), stores }))
      process.stderr.write(`${words}\n`)
    const keys = loadKeys(data, { wantSim: false })
    const operations = await openOperationsStore({
      file: folder.file('operations.db'),
      url: operationsAddress(settings.operations),
    })
    closers.push(() => operations.close())
    const series = createSqliteSeriesStore({ file: folder.file('series.db') })
    closers.push(() => series.close())
    const now = stoppedCityTime(folder.file('clock.json'))
    const api = await createApi({
      operations,
      series,
      seriesWriter: series,
      clock: {
        now: () => now,
        anchor: () => ({ wallAt: wallClock.now(), cityAt: now, speed: 0 }),
        isWaiting: () => true,
      },
      wall: wallClock,
      keys,
      settings: { ...settings.http, ...settings.api },
      simulated: false,
      status: () => Promise.reject(notRunning()),
      metricsText: () => Promise.reject(notRunning()),
      boardFolder: null,
      logger: silentLogger,
      replayDeadLetters: (reason) =>
        replayDeadLetters({
          series,
          operations,
          clock: { ...wallClock, now: () => now },
          wall: wallClock,
          settings: settings.ingest,
          reason: reason as DeadLetterReason | undefined,
        }),
      estimateBasketMinutes,
      backups: {
        start: () => Promise.reject(notRunning()),
        list: () => readBackupList(folder.file('backups.json')),
      },
    })
    closers.push(() => api.app.close())
    return {
      close,
      async ask(method, path, body) {
        const answer = await api.app.inject({
          method,
          url: path,
          headers: { ...contentType(body), authorization: `Bearer ${keys.owner}` },
          ...(body === undefined ? {} : { payload: body as NonNullable<InjectOptions['payload']> }),
        })
        return { status: answer.statusCode, body: answer.body }
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

const notRunning = (): LarderError =>
  new LarderError(
    'RT_NOT_READY',
    'This needs a running Larder. Start "larder up" on this folder, then repeat the command.',
  )
