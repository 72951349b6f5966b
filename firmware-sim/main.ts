import { randomUUID } from 'node:crypto'
import { fstatSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { errorMessage, LarderError } from '../domain/index.ts'
import { createLogger, createRandom, stopOnSignal, wallClock } from '../runtime/index.ts'
import { citySizes, createCity } from './city/index.ts'
import { createApiClient } from './client/index.ts'
import { openRecordings } from './replay/index.ts'
import { startSimulation } from './run/index.ts'

const text = { type: 'string' } as const
const logger = createLogger(process.env.LARDER_LOG_LEVEL ?? 'warn').child({ stage: 'sim' })
const say = (words: object): void => void process.stdout.write(`${JSON.stringify(words)}\n`)
const stopping = new AbortController()
let stop = (): Promise<void> => Promise.resolve()
const service = stopOnSignal(
  {
    stop() {
      stopping.abort(new LarderError('RT_STOPPED', 'The simulated city was stopped.'))
      return stop()
    },
  },
  { logger, stopWithinMs: 1_900 },
)
// Whoever started the city may die without a word: then its end of the pipe or channel closes.
const leave = (): void => void process.kill(process.pid, 'SIGTERM')
if (process.connected) process.on('disconnect', leave)
else if (fstatSync(0).isFIFO() || fstatSync(0).isSocket()) process.stdin.on('end', leave).resume()

try {
  const { values } = parseArgs({
    options: {
      api: text,
      mqtt: text,
      'key-file': text,
      data: text,
      seed: text,
      replay: text,
      size: text,
      'history-days': text,
    },
  })
  const size = values.size === 'small' ? 'small' : 'full'
  const seed = Number(values.seed ?? 1)
  const historyDays = Number(values['history-days'] ?? 28)
  const replay = values.replay ?? null
  const need = (name: 'api' | 'mqtt' | 'key-file' | 'data'): string => {
    const value = values[name]
    if (value === undefined)
      throw new LarderError(
        'RT_REQUEST_INVALID',
        `--${name} is missing: --api URL --mqtt HOST:PORT --key-file FILE --data DIR --seed N`,
      )
    return value
  }
  const stage = await startSimulation({
    api: createApiClient({
      url: need('api'),
      key: readFileSync(need('key-file'), 'utf8').trim(),
      signal: stopping.signal,
    }),
    mqttUrl: `mqtt://${need('mqtt')}`,
    folder: need('data'),
    seed,
    size,
    replay,
    makeWorld: async ({ startAt, from }) => {
      if (replay === null) return createCity({ seed, startAt, size, historyDays, from })
      return openRecordings({ folder: replay, startAt, historyDays, from, size: citySizes[size] })
    },
    random: createRandom(seed),
    runId: randomUUID(),
    wall: wallClock,
    logger,
    signal: stopping.signal,
    onProgress: (progress) => say({ progress }),
    onState: (state) => say({ state }),
  })
  stop = () => stage.stop()
} catch (error) {
  const isOver = stopping.signal.aborted
  if (!isOver) process.stderr.write(`${errorMessage(error)}\n`)
  service.fail(error as Error)
}
