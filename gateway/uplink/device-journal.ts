import { parse } from 'secure-json-parse'
import { errorMessage, isName, type Applied, type LoggedMessage } from '../../domain/index.ts'
import type { MessageLog } from '../../message-log/index.ts'
import type { Logger } from '../../runtime/index.ts'

/** What an edge gateway itself must know of what its devices say; the rest is the hub's to read. */
export interface DeviceNews {
  readonly applied: Applied
  readonly sightings: readonly {
    readonly site: string
    readonly device: string
    readonly at: number
    readonly connection?: 'online' | 'offline' | 'sleeping'
  }[]
  readonly commandResults: readonly {
    readonly id: string
    readonly site: string
    readonly device: string
    readonly ok: boolean
    readonly at: number
  }[]
}

const group = 'devices'
const partition = 0
const maxMessages = 5000
const retryMs = 1000
/** What is only a sign of life is written so often: each would be a write of its own. */
const repeatAfterMs = 10_000

/**
 * Reads the log of an edge gateway for what ends a command and for who is there. A function of the log: what a kill left
 * unread is read at the next start.
 */
export function startDeviceJournal(deps: {
  readonly log: MessageLog
  readonly applied: () => Promise<ReadonlyMap<number, number>>
  readonly apply: (news: DeviceNews) => Promise<void>
  readonly monotonic: { now(): number }
  readonly logger: Logger
}): { stop(): Promise<void> } {
  const { log, monotonic, logger } = deps
  const stopping = new AbortController()
  const { signal } = stopping
  const told = new Map<string, { readonly connection: string | undefined; readonly at: number }>()

  const isNews = (sighting: DeviceNews['sightings'][number]): boolean => {
    const id = `${sighting.site}/${sighting.device}`
    const last = told.get(id)
    const now = monotonic.now()
    if (last?.connection === sighting.connection && now - last!.at < repeatAfterMs) return false
    told.set(id, { connection: sighting.connection, at: now })
    return true
  }

  const read = async (): Promise<void> => {
    const after = await deps.applied()
    for await (const batch of log.consume(group, {
      ...{ after: (partition) => after.get(partition) ?? null, maxMessages, signal },
    })) {
      const applied = { group, partition, position: batch.position }
      const { sightings, commandResults } = readNews(batch.messages)
      const news = sightings.filter(isNews)
      if (news.length + commandResults.length > 0)
        await deps.apply({ applied, sightings: news, commandResults })
      await log.commit(applied)
    }
  }

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        await read()
      } catch (error) {
        logger.warn({ err: error }, `what devices said waits to be read: ${errorMessage(error)}`)
        await new Promise((resolve) => setTimeout(resolve, retryMs))
      }
    }
  }
  const running = run()
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

/** The newest sign of life of each device, and what answers a command. */
function readNews(messages: readonly LoggedMessage[]): Omit<DeviceNews, 'applied'> {
  const sightings = new Map<string, DeviceNews['sightings'][number]>()
  const commandResults: DeviceNews['commandResults'][number][] = []
  for (const { topic, payload, path, receivedAt: at } of messages) {
    const [, site = '', device = '', ...rest] = path
      ? ['', path.site, path.device, 'telemetry']
      : topic.split('/')
    if (!isName(site) || !isName(device)) continue
    const what = rest.join('/')
    const value = what === 'telemetry' ? null : readObject(payload)
    const connection = what === 'telemetry' ? 'online' : connectionOf(value)
    if (what === 'telemetry' || connection !== undefined) {
      const sighting = { site, device, at, ...(connection ? { connection } : {}) }
      sightings.set(`${site}/${device}`, sighting)
    }
    if (what === 'command/result' && typeof value?.id === 'string')
      commandResults.push({ id: value.id, site, device, ok: value.ok === true, at })
  }
  return { sightings: [...sightings.values()], commandResults }
}

function connectionOf(value: Record<string, unknown> | null) {
  const known = ['online', 'offline', 'sleeping'] as const
  return known.find((one) => one === value?.state)
}

function readObject(payload: Uint8Array): Record<string, unknown> | null {
  try {
    const value: unknown = parse(Buffer.from(payload).toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
