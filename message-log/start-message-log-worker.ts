import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { LarderError, type Clock } from '../domain/index.ts'
import { compiledUrl, startWorker, type Logger } from '../runtime/index.ts'
import { connectMessageLog } from './connect-message-log.ts'
import type { LogWorkerData, LogWorkerNews, LogWorkerRequest } from './log-worker-protocol.ts'
import type { EmbeddedMessageLog } from './packed-message-log.ts'
import { startPruning } from './pruning.ts'

export interface MessageLogWorker {
  /** For this thread. */
  readonly log: EmbeddedMessageLog
  /** A port to hand to another thread, for `connectMessageLog` there. */
  connect(): MessagePort
  /** Makes durable what was appended, then closes. */
  stop(): Promise<void>
}

const stopWithinMs = 3000

/**
 * The SQLite log in a worker thread, pruned once a minute to what the settings keep (where there are any). Resolves once it is open; what was
 * found damaged is logged. `clock` is the city's, by which messages grow old.
 */
export async function startMessageLogWorker(deps: {
  readonly file: string
  /** Null: whoever owns the log prunes it. */
  readonly settings: { readonly keepDays: number; readonly keepMegabytes: number } | null
  readonly clock: Clock
  /** City milliseconds per wall millisecond, at most; 1 where it is not named. */
  readonly clockSpeed?: number
  readonly logger: Logger
  readonly onDeath: (error: LarderError) => void
}): Promise<MessageLogWorker> {
  const data: LogWorkerData = { file: deps.file }
  const owned = startWorker(compiledUrl('./log.worker.js', import.meta.url), {
    name: 'message-log',
    data,
    onDeath: (error) => {
      died?.(error)
      if (isReady) deps.onDeath(error)
    },
  })
  let died: ((error: Error) => void) | undefined
  let closed: (() => void) | undefined
  let isReady = false

  const request = (message: LogWorkerRequest, ports: readonly MessagePort[] = []): void =>
    owned.worker.postMessage(message, ports)

  await new Promise<void>((resolve, reject) => {
    died = reject
    owned.worker.on('message', (news: LogWorkerNews) => {
      if (news.kind === 'ready') resolve()
      else if (news.kind === 'notice') deps.logger.warn(news.words)
      else if (news.kind === 'failed') reject(new LarderError(news.code, news.words))
      else closed?.()
    })
  }).catch(async (error: unknown) => {
    await owned.stop()
    throw error
  })
  isReady = true

  const connect = (): MessagePort => {
    const { port1, port2 } = new MessageChannel()
    request({ kind: 'connect', port: port2 }, [port2])
    return port1
  }

  const log = connectMessageLog(connect())
  const { settings } = deps
  const pruning = settings && startPruning({ log, clockSpeed: 1, ...deps, settings })
  let stopping: Promise<void> | undefined
  return {
    log,
    connect,
    stop: () =>
      (stopping ??= (async () => {
        pruning?.stop()
        const isClosed = new Promise<void>((resolve) => (closed = resolve))
        const deadline = new Promise<void>((resolve) => setTimeout(resolve, stopWithinMs).unref())
        request({ kind: 'close' })
        await Promise.race([isClosed, deadline])
        await owned.stop()
      })()),
  }
}
