import { pino, type Logger } from 'pino'

export type { Logger }

/** Errors go under `err`; payloads and secrets never go in. A stage logs starts, stops, changes of state and give-ups, and counts the rest. */
export function createLogger(level: string, destination?: NodeJS.WritableStream): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime }
  return destination ? pino(options, destination) : pino(options, pino.destination(2))
}

export const silentLogger: Logger = pino({ level: 'silent' })
