import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { operationsAddress, readSecret, type Settings } from '../../config/index.ts'
import { LarderError } from '../../domain/index.ts'
import { createKafkaMessageLog, type MessageLog } from '../../message-log/index.ts'
import { createRandom, serveRpc, wallClock, type Logger } from '../../runtime/index.ts'
import {
  createInfluxSeriesStore,
  createPostgresOperationsStore,
  noEffects,
  serveOperationsStore,
  type OperationsStore,
  type SeriesStore,
} from '../../store/index.ts'
import { kafkaAccess } from './kafka-access.ts'
import type { WatchedServer } from './watch-servers.ts'

/** An engine on this thread, which waits for a server and does little itself. */
export interface Engine<T> {
  readonly store: T
  close(): Promise<void>
  readonly server: WatchedServer
}

/** One that a thread which does heavy work reaches by a port. */
export interface SharedEngine<T> extends Engine<T> {
  connect(): MessagePort
}

function portTo(serve: (port: MessagePort) => void): MessagePort {
  const { port1, port2 } = new MessageChannel()
  serve(port1)
  return port2
}

export async function openOperations(
  settings: Settings,
  logger: Logger,
): Promise<SharedEngine<OperationsStore>> {
  const store = await createPostgresOperationsStore({
    url: operationsAddress(settings.operations),
    random: createRandom(process.pid),
    logger: logger.child({ store: 'operations' }),
  })
  return {
    store,
    connect: () => portTo((port) => serveOperationsStore(port, store)),
    close: () => store.close(),
    server: {
      name: 'PostgreSQL',
      ask: () => store.applied('start'),
      without: 'Nothing is decided or changed until it is back; it goes on by itself then.',
    },
  }
}

export async function openMessageLog(
  settings: Settings,
  logger: Logger,
): Promise<Engine<MessageLog>> {
  const { brokers, topic, partitions, keepDays, keepMegabytes } = settings.messageLog
  const store = await createKafkaMessageLog({
    ...{ brokers, topic, partitions, keepDays, keepMegabytes },
    access: kafkaAccess(settings.messageLog),
    random: createRandom(process.pid),
    logger: logger.child({ store: 'message-log' }),
  })
  return {
    store,
    close: () => store.close(),
    server: {
      name: 'Kafka',
      ask: () => store.stats(),
      without:
        'Messages are neither acknowledged nor read until it is back; devices keep what they have and send again.',
    },
  }
}

/** Positions of what is read into InfluxDB are kept in the operations store, which has transactions. */
export async function openSeries(
  settings: Settings,
  operations: OperationsStore,
  logger: Logger,
): Promise<SharedEngine<SeriesStore>> {
  const { url, org, bucket, tokenFile } = settings.series
  const store = await createInfluxSeriesStore({
    ...{ url, org, bucket, token: readToken(tokenFile) },
    positions: {
      read: (group) => operations.applied(group),
      save: (applied) => operations.applyBatch({ applied, ...noEffects }),
    },
    ...{ clock: wallClock, wall: wallClock, random: createRandom(process.pid) },
    logger: logger.child({ store: 'series' }),
  })
  return {
    store,
    connect: () => portTo((port) => serveRpc(port, store)),
    close: () => store.close(),
    server: {
      name: 'InfluxDB',
      async ask() {
        const answer = await fetch(`${url.replace(/\/+$/, '')}/health`, {
          signal: AbortSignal.timeout(5_000),
        })
        await answer.arrayBuffer()
        if (!answer.ok) throw new LarderError('RT_NOT_READY', `it answers ${answer.status}`)
      },
      without:
        'Readings are neither stored nor shown until it is back; what was sent meanwhile waits in the log.',
    },
  }
}

function readToken(file: string): string {
  if (file === '')
    throw new LarderError(
      'RT_SETTINGS_INVALID',
      'InfluxDB wants a token: name its file in series.tokenFile (LARDER_SERIES_TOKEN_FILE).',
    )
  return readSecret(file, 'series.tokenFile')
}
