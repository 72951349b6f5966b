import { existsSync, readFileSync } from 'node:fs'
import { operationsAddress, type Settings } from '../../config/index.ts'
import { LarderError } from '../../domain/index.ts'
import {
  createLogger,
  openDataFolder,
  readRunInfo,
  startTogether,
  wallClock,
  writeFileDurably,
  type DataFolder,
  type StopList,
} from '../../runtime/index.ts'
import {
  copyOperations,
  createSqliteOperationsStore,
  createSqliteSeriesStore,
} from '../../store/index.ts'
import { createProgressLine } from '../progress-line.ts'
import { openOperations, openSeries } from '../stages/engines.ts'
import { loadStageSettings, needServers, type StageOptions } from '../stages/stage-settings.ts'
import { stoppedCityTime } from '../up/clock-file.ts'
import { print } from '../with-connection.ts'
import { drainLog } from './drain-log.ts'
import { moveReadings } from './move-readings.ts'

/** How far a move has come, in `migrate.json` of the old data folder. */
interface Move {
  readonly target: string
  readonly series: string | null
  /** Of the runs before. */
  readonly readings: number
  readonly hours: number
  readonly rejected: number
}

/** Moves an embedded installation that stands still to the servers of the settings; goes on where it was interrupted. */
export async function run(options: StageOptions): Promise<void> {
  const settings = loadStageSettings(options)
  needServers('migrate', settings, ['series', 'operations'])
  const running = readRunInfo(settings.data)
  if (running)
    throw new LarderError(
      'RT_DATA_LOCKED',
      `A Larder (process ${running.pid}) runs on ${settings.data}. Stop it first: what moves must stand still.`,
    )
  if (!existsSync(`${settings.data}/operations.db`))
    throw new LarderError(
      'RT_FILE_UNREADABLE',
      `${settings.data} holds no operations.db. Name the data folder of the Larder that moves with --data.`,
    )
  const logger = createLogger(settings.log.level)
  const folder = openDataFolder(settings.data)
  try {
    await startTogether(logger, async (stops) => {
      await move(settings, folder, stops)
      await stops.stop()
    })
  } finally {
    folder.release()
  }
}

async function move(settings: Settings, folder: DataFolder, stops: StopList): Promise<void> {
  const logger = createLogger(settings.log.level)
  const stateFile = folder.file('migrate.json')
  const url = operationsAddress(settings.operations)
  const target = `${settings.operations.url} ${settings.series.url} ${settings.series.bucket}`
  const before = readMove(stateFile, target)

  const operations = await createSqliteOperationsStore({ file: folder.file('operations.db') })
  stops.add('the old operations store', () => operations.close())
  const series = createSqliteSeriesStore({ file: folder.file('series.db') })
  stops.add('the old series store', () => series.close())
  const newOperations = await openOperations(settings, logger)
  stops.add('the new operations store', () => newOperations.close())
  await checkTarget(newOperations.store, before !== null)
  const newSeries = await openSeries(settings, newOperations.store, logger)
  stops.add('the new series store', () => newSeries.close())

  const cityTime = stoppedCityTime(folder.file('clock.json'))
  const drained = await drainLog({
    ...{ file: folder.file('log.db'), series, operations, logger, settings: settings.ingest },
    clock: { ...wallClock, now: () => cityTime },
  })
  await print(
    `The log is read to its end: ${drained.messages} messages that the stores had not read.`,
  )

  const state: Move = before ?? { target, series: null, readings: 0, hours: 0, rejected: 0 }
  writeFileDurably(stateFile, JSON.stringify(state))
  const tables = await copyOperations({
    ...{ file: folder.file('operations.db'), url },
    // A place of the old log by the log's own name: the new one counts its places anew.
    renameDeadLetter: (id) => (/^\d+\./.test(id) ? id.replace(/^\d+/, drained.id) : id),
    onTable: ({ name, rows }) => void process.stdout.write(`  ${name.padEnd(16)} ${rows} rows\n`),
  })
  const rows = tables.reduce((sum, table) => sum + table.rows, 0)
  await print(
    `Operations: ${rows} rows of ${tables.length} tables, all counted again in PostgreSQL.`,
  )

  const progress = createProgressLine(process.stderr, () => wallClock.now())
  const add = (
    moved: Pick<Move, 'readings' | 'hours' | 'rejected'>,
    name: string | null,
  ): Move => ({
    ...{ target, series: name },
    readings: state.readings + moved.readings,
    hours: state.hours + moved.hours,
    rejected: state.rejected + moved.rejected,
  })
  let savedAt = wallClock.now()
  const moved = await moveReadings({
    ...{ from: series, to: newSeries.store, after: state.series },
    now: () => wallClock.now(),
    onProgress: (now) => progress.show(now),
    onSeries(name, soFar) {
      if (wallClock.now() - savedAt < 1_000) return
      savedAt = wallClock.now()
      writeFileDurably(stateFile, JSON.stringify(add(soFar, name)))
    },
  })
  progress.end()
  const all = add(moved, null)
  if (moved.words !== null)
    await print(`${all.rejected} readings were not taken; the first: ${moved.words}`)
  const [there, here] = [await newSeries.store.stats(), await series.stats()]
  const wanted = all.readings + all.hours
  if (there.readings !== wanted || all.readings + all.rejected !== here.readings)
    throw new LarderError(
      'RT_STORE_DAMAGED',
      `${here.readings} readings are in the old store, ${wanted} were moved (${all.hours} of them hours without readings), and the new store has ${there.readings}. Is its bucket used by something else? Give this an empty one, remove ${stateFile}, and start again.`,
    )
  await print(
    `Readings: ${all.readings}, and ${all.hours} hours older than them, all counted again in InfluxDB.`,
  )
  writeFileDurably(stateFile, JSON.stringify({ ...all, series: '\uffff' }))
  await print(
    `Done; the old data folder is as it was. Give "larder models serve" and "larder api" --data ${settings.data} to keep the models and the keys.`,
  )
}

/** What a run before this one has done; null where the move begins. */
function readMove(file: string, target: string): Move | null {
  if (!existsSync(file)) return null
  const state = JSON.parse(readFileSync(file, 'utf8')) as Move
  if (state.target === target) return state
  throw new LarderError(
    'RT_WRONG_STATE',
    `A move of this folder to ${state.target} was begun. Go on with those settings, or remove ${file} to begin another.`,
  )
}

const quietMs = 15_000

async function checkTarget(
  store: Awaited<ReturnType<typeof openOperations>>['store'],
  isBegun: boolean,
): Promise<void> {
  const reports = await store.stageReports()
  const alive = reports.filter(({ at }) => wallClock.now() - at < quietMs)
  if (alive.length > 0)
    throw new LarderError(
      'RT_WRONG_STATE',
      `Stages run on the new stores (${alive.map(({ name, process }) => `${name} ${process}`).join(', ')}). Stop them: they would write between what is moved.`,
    )
  if (!isBegun && (await store.all('sites')).length > 0)
    throw new LarderError(
      'RT_WRONG_STATE',
      'The new operations store has sites already. An installation moves into empty stores only.',
    )
}
