import { resolve } from 'node:path'
import type { Command } from 'commander'
import { loadSettings, type Settings } from '../config/index.ts'
import { openDataFolder, createLogger, stopOnSignal, wallClock } from '../runtime/index.ts'
import { startAllInOne, type AllInOne } from './up/all-in-one.ts'
import { resetDataFolder } from './up/reset.ts'
import { createProgressPrinter } from './up/terminal.ts'

interface UpOptions {
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

/** `larder up`: the whole of Larder in one process. */
export function registerUp(program: Command): void {
  program
    .command('up')
    .description(
      'Start the whole of Larder in one process: gateway, log, stores, models, planner, API and board.',
    )
    .option('--data <dir>', 'folder of the embedded stores (default ./data)')
    .option('--http <port>', 'port of the API and the board (default 8080; 0: a free one)')
    .option('--mqtt <port>', 'port of the MQTT gateway (default 1883; 0: a free one)')
    .option('--speed <times>', 'city seconds per second (default 60; never past the wall clock)')
    .option('--seed <n>', 'seed of the simulated city and of training (default 1)')
    .option('--sim <city|none>', 'a simulated city, or only devices of your own (default city)')
    .option('--replay <dir>', 'real recordings in place of the simulated city')
    .option('--config <file>', 'settings file (default: larder.yaml where there is one)')
    .option('--reset', 'empty the data folder first')
    .addHelpText(
      'after',
      `
Examples:
  larder up                              a simulated city on a fast clock, in ./data
  larder up --sim none --speed 1         for devices of your own
  larder up --replay ../recordings       real recordings through the same road
  larder up --http 9090 --mqtt 2883      other ports

All other settings: larder settings describe`,
    )
    .action(run)
}

async function run(options: UpOptions): Promise<void> {
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
    if (replay !== '') await checkReplay(settings)
    const startedAt = wallClock.now()
    let onFatal: (error: Error) => void = () => undefined
    const larder = await new Promise<AllInOne>((resolve, reject) => {
      onFatal = reject
      startAllInOne({ settings, folder, logger, onFatal: (error) => onFatal(error) }).then(
        resolve,
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
    folder.writeRunInfo({ pid: process.pid, http: larder.http, mqtt: larder.mqtt, startedAt })
    process.stdout.write(banner(larder, settings))
  } catch (error) {
    folder.release()
    throw error
  }
}

/** A replay that could never run is said before anything starts. */
async function checkReplay({ data, seed, city }: Settings): Promise<void> {
  // The simulator takes 40 MB, which no other start of this process needs.
  const { checkCity, checkRecordings } = await import('../firmware-sim/index.ts')
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
