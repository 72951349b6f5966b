import closeWithGrace from 'close-with-grace'
import { errorMessage, LarderError } from '../domain/index.ts'
import type { Logger } from './logger.ts'

/** What a stage gives whoever started it. `stop` may be called twice, and ends within its deadline. */
export interface Stage {
  stop(): Promise<void>
}

/** Stops in the reverse order of `add`, each once, and goes on past one that fails. */
export function createStopList(
  logger: Logger,
): Stage & { add(name: string, stop: () => Promise<void> | void): void } {
  const stops: { name: string; stop: () => Promise<void> | void }[] = []
  return {
    add(name, stop) {
      stops.push({ name, stop })
    },
    async stop() {
      for (let entry = stops.pop(); entry; entry = stops.pop()) {
        try {
          await entry.stop()
        } catch (error) {
          logger.error({ err: error }, `${entry.name} did not stop cleanly`)
        }
      }
    },
  }
}

export type StopList = ReturnType<typeof createStopList>

/** Starts parts that belong together: where one cannot start, those that had started are stopped again. */
export async function startTogether<T>(
  logger: Logger,
  start: (stops: StopList) => Promise<T>,
): Promise<T> {
  const stops = createStopList(logger)
  try {
    return await start(stops)
  } catch (error) {
    await stops.stop()
    throw error
  }
}

/** Runs until SIGINT, SIGTERM or a fatal error, then stops within `stopWithinMs` (Ctrl-C ends in 5 s). */
export function stopOnSignal(
  stage: Stage,
  options: { readonly logger: Logger; readonly stopWithinMs: number },
): { fail(error: Error): void } {
  const handle = closeWithGrace(
    { delay: options.stopWithinMs, logger: false },
    async ({ err, signal }) => {
      if (err) options.logger.fatal({ err }, 'stopping after an error')
      else options.logger.info({ signal }, 'stopping')
      await stage.stop()
      if (err) process.exitCode = 1
    },
  )
  return {
    fail(error) {
      process.exitCode = 1
      options.logger.fatal({ err: error }, 'stopping after an error')
      handle.close()
    },
  }
}

/** Node's errors of the system as a sentence that says what to do. */
export function describeSystemError(
  error: unknown,
  context: { readonly what: string; readonly remedy: string },
): LarderError {
  if (error instanceof LarderError) return error
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  if (code === 'EADDRINUSE')
    return new LarderError(
      'RT_PORT_IN_USE',
      `${context.what}: the port is in use. ${context.remedy}`,
      { cause: error },
    )
  if (code === 'ENOSPC' || code === 'SQLITE_FULL' || code === 'EDQUOT') {
    return new LarderError(
      'RT_DISK_FULL',
      `${context.what}: the disk is full. Free some space, then start again.`,
      { cause: error },
    )
  }
  return new LarderError('RT_INTERNAL', `${context.what}: ${errorMessage(error)}`, { cause: error })
}
