import { randomUUID } from 'node:crypto'
import { fstatSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { errorMessage, LarderError } from '../domain/index.ts'
import { createLogger, stopOnSignal, wallClock } from '../runtime/index.ts'
import { startCity } from './run/index.ts'

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
  const stage = await startCity({
    apiUrl: need('api'),
    keyFile: need('key-file'),
    mqttUrl: `mqtt://${need('mqtt')}`,
    folder: need('data'),
    ...{ seed, size, historyDays, replay },
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
