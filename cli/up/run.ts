import { resolve } from 'node:path'
import { loadSettings, type Settings } from '../../config/index.ts'
import {
  openDataFolder,
  createLogger,
  stopOnSignal,
  wallClock,
  keepHeapLean,
} from '../../runtime/index.ts'
import { mendFolder } from '../folder/mend-folder.ts'
import { storesHere } from '../folder/stores-here.ts'
import { startAllInOne, type AllInOne } from './all-in-one.ts'
import { resetDataFolder } from './reset.ts'
import { createProgressPrinter } from './terminal.ts'

export interface UpOptions {
  readonly data?: string
  readonly http?: string
  readonly mqtt?: string
  readonly speed?: string
  readonly seed?: string
  readonly sim?: string
  readonly replay?: string
  readonly config?: string
  readonly reset?: true
}

/** Starts everything, and answers once it runs; signals and a fatal error stop it. */
export async function run(options: UpOptions): Promise<void> {
  keepHeapLean()
  const asked = loadSettings({
    flags: {
      data: options.data,
      'http.port': options.http,
      'mqtt.port': options.mqtt,
      'city.speed': options.speed,
      seed: options.seed,
      'city.sim': options.sim,
      'city.replay': options.replay,
    },
    env: process.env,
    file: options.config ?? null,
  })
  const isSimulated = asked.city.sim === 'city' || asked.city.replay !== ''
  // Devices of one's own live on the wall clock, unless a speed is asked for by name.
  const speed = isSimulated || options.speed !== undefined ? asked.city.speed : 1
  const replay = asked.city.replay === '' ? '' : resolve(asked.city.replay)
  const settings: Settings = { ...asked, city: { ...asked.city, speed, replay } }
  const logger = createLogger(settings.log.level)
  const folder = openDataFolder(settings.data)
  try {
    if (options.reset) resetDataFolder(folder.path)
    for (const words of mendFolder(folder.path, {
      wallAt: wallClock.now(),
      stores: storesHere(settings),
    }))
      logger.warn(words)
    if (replay !== '') await checkReplay(settings)
    const startedAt = wallClock.now()
    let onFatal: (error: Error) => void = () => undefined
    const larder = await new Promise<AllInOne>((started, reject) => {
      onFatal = reject
      startAllInOne({ settings, folder, logger, onFatal: (error) => onFatal(error) }).then(
        started,
        reject,
      )
    })
    const printer = createProgressPrinter(process.stdout)
    const drawing = setInterval(() => {
      larder.status().then(
        ({ progress }) => printer.show(progress),
        () => undefined,
      )
    }, 500)
    const guard = stopOnSignal(
      {
        async stop() {
          clearInterval(drawing)
          printer.show(null)
          await larder.stop()
          folder.release()
        },
      },
      { logger, stopWithinMs: 5_000 },
    )
    onFatal = (error) => guard.fail(error)
    const { http, mqtt, mqtts } = larder
    const info = { pid: process.pid, http, mqtt, startedAt }
    folder.writeRunInfo(mqtts === null ? info : { ...info, mqtts })
    process.stdout.write(banner(larder, settings))
  } catch (error) {
    folder.release()
    throw error
  }
}

/** A replay that could never run is said before anything starts. */
async function checkReplay({ data, seed, city }: Settings): Promise<void> {
  // The simulator takes 40 MB, which no other start of this process needs.
  const { checkCity, checkRecordings } = await import('../../firmware-sim/index.ts')
  await checkRecordings(city.replay)
  checkCity(data, { seed, size: city.size, replay: city.replay })
}

function banner(larder: AllInOne, settings: Settings): string {
  const { speed } = settings.city
  const lines = [
    'Larder is up.',
    `  board   ${larder.http}/`,
    `  API     ${larder.http}/docs`,
    `  MQTT    ${larder.mqtt}`,
    ...(larder.mqtts === null || larder.mqtts === larder.mqtt ? [] : [`          ${larder.mqtts}`]),
    `  data    ${settings.data}; ${speed === 1 ? 'on the wall clock' : `a city clock at ${speed}x`}`,
  ]
  if (process.stdout.isTTY) {
    lines.push(
      `  decide  ${larder.loginLink}  (opens the board with the right to decide; works once)`,
    )
    if (larder.newOwnerKey !== null)
      lines.push(`  key     ${larder.newOwnerKey}  (kept in owner.key; shown this once)`)
  }
  return `${lines.join('\n')}\nCtrl-C stops it. "--reset" starts afresh.\n`
}
