import type { Settings } from '../config/index.ts'
import {
  LarderError,
  parseDevicePath,
  type Clock,
  type DeadLetter,
  type DeadLetterReason,
  type DevicePath,
  type LoggedMessage,
  type Reading,
} from '../domain/index.ts'
import type { OperationsStore, SeriesStore } from '../store/index.ts'
import { createCatalogue } from './catalogue.ts'
import { decoders } from './decode/decoders.ts'
import type { PayloadDecoder } from './decode/telemetry.ts'
import { createEffectsWatch, type EffectsWatch } from './derive/operations-effects.ts'
import { createHourlySignals } from './derive/hourly-signals.ts'
import { createMessageMemory } from './message-memory.ts'
import { loadProfiles } from './profiles/load-profiles.ts'
import { prepareMessages, type PrepareDeps } from './prepare-batch.ts'
import type { Deriver } from './sinks/series-sink.ts'
import { learnBirths } from './sparkplug/decode-sparkplug.ts'
import { createEdgeNodes } from './sparkplug/edge-nodes.ts'

const lettersAtOnce = 100

export interface DeadLetterReplay {
  readonly replayed: number
  readonly stillBad: number
}

export interface ReplayDeps {
  readonly series: SeriesStore
  readonly operations: OperationsStore
  /** The city's. */
  readonly clock: Clock
  readonly reason?: DeadLetterReason | undefined
}

/** What replay shares with the running loop: an old message that can be read now is judged as one that comes late. */
export interface ReplayContext {
  readonly prepare: PrepareDeps
  readonly effects: EffectsWatch
  readonly deriver: Deriver
}

/** A replay without a running loop: what it must know comes from the stores. */
export async function replayDeadLetters(
  deps: ReplayDeps & {
    readonly wall: Clock
    readonly settings: Settings['ingest']
    readonly formats?: readonly PayloadDecoder[]
  },
): Promise<DeadLetterReplay> {
  const { series, operations, wall, settings } = deps
  const catalogue = await createCatalogue(operations, wall)
  const nodes = createEdgeNodes(await operations.births())
  learnBirths(nodes)
  try {
    await catalogue.refresh([])
    return await replayWith(deps, {
      prepare: {
        ...{ formats: deps.formats ?? decoders, profiles: loadProfiles(settings.profiles) },
        ...{ nodes, catalogue, memory: createMessageMemory(lettersAtOnce) },
        clockAheadMinutes: settings.clockAheadMinutes,
      },
      effects: await createEffectsWatch({ operations, catalogue, wall }),
      deriver: await createHourlySignals({ series, catalogue }),
    })
  } finally {
    catalogue.stop()
  }
}

/**
 * Decodes the kept bytes again with today's decoders. What can be read is stored under its old place in the log, so that doing it
 * twice stores it once, and says of stock, alarms and devices what a message says that comes so late. The rest stays, with the
 * reason of today. A bounded number of letters is in memory at a time.
 */
export async function replayWith(
  deps: ReplayDeps,
  context: ReplayContext,
): Promise<DeadLetterReplay> {
  const { operations, reason } = deps
  const counts = { replayed: 0, stillBad: 0 }
  let cursor: string | undefined
  do {
    const page = await operations.list('dead-letters', {
      limit: lettersAtOnce,
      status: 'open',
      type: reason,
      cursor,
    })
    for (const letter of page.items) {
      if (await replayLetter(letter, deps, context)) counts.replayed++
      else counts.stillBad++
    }
    cursor = page.next ?? undefined
  } while (cursor !== undefined)
  return counts
}

async function replayLetter(
  letter: DeadLetter,
  { series, operations, clock }: ReplayDeps,
  { prepare, effects, deriver }: ReplayContext,
): Promise<boolean> {
  const { message, partition } = toMessage(letter)
  const [prepared] = await prepareMessages([message], partition, { ...prepare, isReplay: true })
  if (!prepared) return false
  if (prepared.message.type === 'bad') {
    const { reason, words } = prepared.message.letter
    if (reason !== letter.reason || words !== letter.words)
      await operations.explainDeadLetter(letter.id, { reason, words })
    return false
  }
  await store([...prepared.readings, ...prepared.doubted], series, deriver)
  await operations.replayDeadLetter(letter.id, clock.now(), effects.of([prepared]))
  return true
}

async function store(
  readings: readonly Reading[],
  series: SeriesStore,
  deriver: Deriver,
): Promise<void> {
  await write(readings, series)
  if (!deriver.isDue(readings)) return
  const { derived, settle } = await deriver.derive(readings)
  await write(derived, series)
  settle()
}

async function write(readings: readonly Reading[], series: SeriesStore): Promise<void> {
  for (const outcome of await series.write(readings))
    if (outcome.status === 'retry') throw new LarderError('RT_NOT_READY', outcome.words)
}

/** The message as it was in the log: its id is its place, here or in the first log that kept it. It is news of the past. */
function toMessage(letter: DeadLetter): { message: LoggedMessage; partition: number } {
  const [place = '', number] = letter.id.split('.')
  const position = Number(number)
  const { topic, path, payload, receivedAt } = letter
  const isElsewhere = /^[0-9a-f]{32}$/.test(place)
  const message: LoggedMessage = {
    ...{ topic, payload, receivedAt, position, isBacklog: true },
    ...{ qos: 1, retain: false, clientId: null },
    ...(isElsewhere ? { firstPlace: { log: place, position } } : {}),
    ...(path === null ? {} : { path: devicePath(path) }),
  }
  return { message, partition: isElsewhere ? 0 : Number(place) }
}

function devicePath(text: string): DevicePath {
  const { site, device } = parseDevicePath(text)
  return { site, device }
}
