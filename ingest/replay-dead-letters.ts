import type { Settings } from '../config/index.ts'
import {
  parseDevicePath,
  type Clock,
  type DeadLetter,
  type DeadLetterReason,
  type DevicePath,
  type LoggedMessage,
} from '../domain/index.ts'
import type { OperationsStore, SeriesStore } from '../store/index.ts'
import { createCatalogue } from './catalogue.ts'
import { decoders } from './decode/decoders.ts'
import type { PayloadDecoder } from './decode/telemetry.ts'
import { learnBirths } from './sparkplug/decode-sparkplug.ts'
import { createEdgeNodes } from './sparkplug/edge-nodes.ts'
import { createMessageMemory } from './message-memory.ts'
import { loadProfiles } from './profiles/load-profiles.ts'
import { prepareMessages } from './prepare-batch.ts'

const lettersAtOnce = 200

export interface DeadLetterReplay {
  readonly replayed: number
  readonly stillBad: number
}

/**
 * Decodes the kept bytes again with today's decoders. What can be read is stored under its old place in the log, so that
 * doing it twice stores it once; stock is not touched, because newer evidence has come since. The rest stays as it is.
 */
export async function replayDeadLetters(deps: {
  readonly series: SeriesStore
  readonly operations: OperationsStore
  /** The city's. */
  readonly clock: Clock
  readonly wall: Clock
  readonly settings: Settings['ingest']
  readonly reason?: DeadLetterReason | undefined
  readonly formats?: readonly PayloadDecoder[]
}): Promise<DeadLetterReplay> {
  const { series, operations, reason } = deps
  const catalogue = await createCatalogue(operations, deps.wall)
  const memory = createMessageMemory(lettersAtOnce)
  const nodes = createEdgeNodes(await operations.births())
  learnBirths(nodes)
  const profiles = loadProfiles(deps.settings.profiles)
  const counts = { replayed: 0, stillBad: 0 }
  let cursor: string | undefined
  try {
    do {
      const page = await operations.list('dead-letters', {
        limit: lettersAtOnce,
        type: reason,
        cursor,
      })
      for (const letter of page.items.filter(({ replayedAt }) => replayedAt === null)) {
        const { message, partition } = toMessage(letter)
        const [prepared] = await prepareMessages([message], partition, {
          ...{ formats: deps.formats ?? decoders, profiles, nodes, memory, catalogue },
          isReplay: true,
          clockAheadMinutes: deps.settings.clockAheadMinutes,
        })
        if (!prepared || prepared.message.type === 'bad') {
          counts.stillBad++
          continue
        }
        await series.write(prepared.readings)
        await operations.markReplayed([letter.id], deps.clock.now())
        counts.replayed++
      }
      cursor = page.next ?? undefined
    } while (cursor !== undefined)
  } finally {
    catalogue.stop()
  }
  return counts
}

/** The message as it was in the log: its id is its place, here or in the first log that kept it. */
function toMessage(letter: DeadLetter): { message: LoggedMessage; partition: number } {
  const [place = '', number] = letter.id.split('.')
  const position = Number(number)
  const { topic, path, payload, receivedAt } = letter
  const isElsewhere = /^[0-9a-f]{32}$/.test(place)
  const message: LoggedMessage = {
    ...{ topic, payload, receivedAt, position },
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
