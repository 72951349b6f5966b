import type { Settings } from '../config/index.ts'
import {
  LarderError,
  type Clock,
  type DeadLetterReason,
  type Position,
  type Random,
  type RawMessage,
} from '../domain/index.ts'
import type { MessageLog } from '../message-log/index.ts'
import { createTextReader, type Logger, type Registry, type Stage } from '../runtime/index.ts'
import type { OperationsStore, SeriesStore } from '../store/index.ts'
import { createCatalogue } from './catalogue.ts'
import { decoders } from './decode/decoders.ts'
import type { PayloadDecoder } from './decode/telemetry.ts'
import { createTopicReader } from './decode/topic.ts'
import { createEffectsWatch, type EffectsWatch } from './derive/operations-effects.ts'
import { createHourlySignals } from './derive/hourly-signals.ts'
import { createIngestCounts, type IngestCounts } from './ingest-counts.ts'
import { runIngestLoop } from './ingest-loop.ts'
import { createMessageMemory, type MessageMemory } from './message-memory.ts'
import { loadProfiles } from './profiles/load-profiles.ts'
import { prepareMessages, type PrepareDeps } from './prepare-batch.ts'
import { replayWith, type DeadLetterReplay } from './replay-dead-letters.ts'
import { createOperationsSink, writeUnsaid, type Unsaid } from './sinks/operations-sink.ts'
import { createSeriesSink, type Deriver } from './sinks/series-sink.ts'
import { learnBirths } from './sparkplug/decode-sparkplug.ts'
import { createEdgeNodes } from './sparkplug/edge-nodes.ts'
import type { Sink } from './sinks/sink.ts'

export interface IngestDeps {
  readonly log: MessageLog
  readonly series: SeriesStore
  readonly operations: OperationsStore
  /** The city's: lag and nothing else; receive times come with the messages. */
  readonly clock: Clock
  readonly wall: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: Registry
  readonly settings: Settings['ingest']
  /** Payload formats; all known ones where absent. */
  readonly formats?: readonly PayloadDecoder[]
  /** The loop ended by itself, e.g. on a damaged store. */
  readonly onDeath?: (error: unknown) => void
}

export interface Ingest extends Stage {
  /** Resolves when all messages that are durable now are applied by every sink, but for partitions that went to another process. */
  drained(): Promise<void>
  /** City time since the newest message written was received, while more are waiting; 0 when none is. */
  lagMs(): number
  counts(): IngestCounts
  /** Beside the loop, which does not wait for it. */
  replayDeadLetters(reason?: DeadLetterReason): Promise<DeadLetterReplay>
}

/** A reader that has waited so long for its next batch has read them all. */
const idleAfterMs = 250

/** A message of a backlog is old when it comes: how far ingest is behind cannot be read from it. */
const isLive = ({ isBacklog }: RawMessage): boolean => isBacklog !== true

/** From the log into both stores, until stopped. */
export async function startIngest(deps: IngestDeps): Promise<Ingest> {
  const { log, series, operations, clock, wall } = deps
  const stopping = new AbortController()
  const catalogue = await createCatalogue(operations, wall)
  await catalogue.refresh([])
  const profiles = loadProfiles(deps.settings.profiles)
  /** By partition: what of its messages came before. */
  const memories = new Map<number, MessageMemory>()
  const topics = createTopicReader()
  const textOf = createTextReader()
  const unsaid: Unsaid = new Map()
  let nodes = createEdgeNodes()
  let deriver: Deriver
  let effects: EffectsWatch
  const counts = createIngestCounts(deps.metrics)
  const openSinks = async (): Promise<readonly Sink[]> => {
    nodes = createEdgeNodes(await operations.births())
    learnBirths(nodes)
    deriver = await createHourlySignals({ series, catalogue })
    effects = await createEffectsWatch({ operations, catalogue, wall })
    return [
      createSeriesSink({ series, deriver, onRejected: () => counts.addRejected() }),
      createOperationsSink({ operations, effects, wall, unsaid }),
    ]
  }
  const sinks = await openSinks()
  const prepareDeps = (memory: MessageMemory): PrepareDeps => ({
    ...{ formats: deps.formats ?? decoders, profiles, topics, textOf, nodes, memory, catalogue },
    clockAheadMinutes: deps.settings.clockAheadMinutes,
    read: (partition, position) => log.read(partition, position),
  })
  const reached = new Map<number, Position>()
  /** Partitions that were with this process and are not now. */
  const elsewhere = new Set<number>()
  let waiters: (() => void)[] = []
  let ended: Error | null = null
  let newestReceivedAt: number | null = null
  let lastBatchAt = -Infinity
  let isBusy = false

  const wake = (): void => {
    const woken = waiters
    waiters = []
    for (const waiter of woken) waiter()
  }

  const loop = runIngestLoop({
    ...{
      log,
      sinks,
      openSinks,
      wall,
      random: deps.random,
      logger: deps.logger,
      signal: stopping.signal,
    },
    batchMessages: deps.settings.batchMessages,
    gatherMs: deps.settings.gatherMs,
    prepare: ({ messages, partition }) =>
      prepareMessages(
        messages,
        partition,
        prepareDeps(memories.get(partition) ?? createMessageMemory(0)),
      ),
    onAssigned(partition, applied, remembered) {
      memories.set(partition, createMessageMemory(remembered))
      elsewhere.delete(partition)
      if (applied !== null) reached.set(partition, applied)
    },
    onLost(partition) {
      memories.delete(partition)
      reached.delete(partition)
      elsewhere.add(partition)
      wake()
    },
    onBatch({ messages }) {
      isBusy = true
      newestReceivedAt ??= messages.find(isLive)?.receivedAt ?? null
    },
    onApplied({ partition, position, messages }, fresh) {
      isBusy = false
      lastBatchAt = wall.now()
      newestReceivedAt = messages.findLast(isLive)?.receivedAt ?? newestReceivedAt
      reached.set(partition, Math.max(position, reached.get(partition) ?? position))
      counts.addBatch(fresh)
      wake()
    },
  }).catch((error: unknown) => {
    if (stopping.signal.aborted) return
    deps.logger.fatal({ err: error }, 'ingest ended')
    deps.onDeath?.(error)
    throw error
  })
  const finished = loop.then(
    () => undefined,
    (error: unknown) => {
      ended = error instanceof Error ? error : new LarderError('RT_INTERNAL', String(error))
    },
  )
  void finished.finally(wake)

  return {
    async drained() {
      const { ends, messages } = await log.stats()
      if (messages === 0) return
      const isBehind = (): boolean =>
        [...ends].some(
          ([partition, end]) => !elsewhere.has(partition) && (reached.get(partition) ?? -1) < end,
        )
      while (isBehind()) {
        if (ended) throw ended
        if (stopping.signal.aborted) throw new LarderError('RT_STOPPED', 'Ingest was stopped.')
        await new Promise<void>((resolve) => waiters.push(resolve))
      }
    },
    lagMs() {
      const isWaiting = isBusy || wall.now() - lastBatchAt < idleAfterMs
      return isWaiting && newestReceivedAt !== null
        ? Math.max(0, clock.now() - newestReceivedAt)
        : 0
    },
    counts: () => counts.read(),
    async replayDeadLetters(reason) {
      const replay = await replayWith(
        { series, operations, clock, reason },
        { prepare: prepareDeps(createMessageMemory(0)), effects, deriver },
      )
      counts.addReplay(replay)
      return replay
    },
    async stop() {
      stopping.abort(new LarderError('RT_STOPPED', 'Ingest was stopped.'))
      wake()
      await finished
      await writeUnsaid(operations, unsaid)
      catalogue.stop()
    },
  }
}
