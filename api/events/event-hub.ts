import { Readable } from 'node:stream'
import { LarderError, type Change, type Clock } from '../../domain/index.ts'
import type { ApiDeps } from '../deps.ts'
import { readingView } from '../views.ts'
import type { Zones } from '../zones.ts'
import { createChangeReader } from './change-items.ts'
import { createNewReadings } from './new-readings.ts'

export interface EventHub {
  /** A stream of server-sent events: after a change's number, or from now on. */
  connect(after: number | null): Promise<Readable>
  stop(): void
}

export const eventLimits = {
  mostClients: 100,
  /** A client that lets more than this wait is dropped; it comes back with Last-Event-ID. */
  mostBufferedBytes: 4 * 1024 * 1024,
  changesAtOnce: 500,
  readingsEveryMs: 1000,
  statusEveryMs: 2000,
  heartbeatEveryMs: 15_000,
} as const

interface Client {
  readonly stream: Readable
  /** Changes up to this number were sent. */
  position: number
  /** False while older changes are read for it. */
  isLive: boolean
}

const frame = (event: string, data: unknown, id?: number): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

/** One reader of changes, readings and status for all clients; it rests while there are none. */
export function createEventHub(
  deps: Pick<ApiDeps, 'operations' | 'series' | 'clock' | 'status' | 'logger'> & {
    readonly wall: Clock
    readonly zones: Zones
  },
  limits: { readonly mostClients: number; readonly mostBufferedBytes: number } = eventLimits,
): EventHub {
  const { operations, zones, wall, logger } = deps
  const clients = new Set<Client>()
  const stopped = new AbortController()
  const changes = createChangeReader(operations, zones)
  const newReadings = createNewReadings(deps.series, deps.clock)
  let head = 0
  let isPumping = false
  let isDirty = false
  let isTicking = false

  const send = (client: Client, text: string): void => {
    if (client.stream.destroyed) return
    client.stream.push(text)
    if (client.stream.readableLength > limits.mostBufferedBytes) {
      logger.info('a client of the event stream reads too slowly and is dropped')
      client.stream.destroy()
    }
  }
  const sendChanges = (client: Client, items: readonly Change[]): void => {
    for (const change of items)
      if (change.number > client.position) {
        send(client, frame('change', change, change.number))
        client.position = change.number
      }
  }
  const broadcast = (text: string): void => {
    for (const client of clients) send(client, text)
  }

  const guarded = async (what: string, task: () => Promise<void>): Promise<void> => {
    try {
      await task()
    } catch (error) {
      if (!stopped.signal.aborted) logger.warn({ err: error }, `${what} could not be read`)
    }
  }

  const pump = async (): Promise<void> => {
    isDirty = true
    if (isPumping) return
    isPumping = true
    await guarded('changes', async () => {
      // Cleared by the loop, set by the listener while the loop waits.
      const takeDirty = (): boolean => {
        const wasDirty = isDirty
        isDirty = false
        return wasDirty
      }
      while (clients.size > 0 && takeDirty()) {
        const page = await changes.read(head, eventLimits.changesAtOnce)
        head = Math.max(head, page.until)
        for (const client of clients) if (client.isLive) sendChanges(client, page.items)
        if (page.isFull) isDirty = true
      }
    })
    isPumping = false
  }

  const tick = async (): Promise<void> => {
    if (isTicking) return
    isTicking = true
    let sentStatusAt = -Infinity
    let sentHeartbeatAt = wall.now()
    while (clients.size > 0 && !stopped.signal.aborted) {
      const now = wall.now()
      await guarded('new readings', async () => {
        await zones.load()
        const items = await newReadings.read()
        if (items.length > 0)
          broadcast(
            frame('readings', { items: items.map((reading) => readingView(reading, zones)) }),
          )
      })
      if (now - sentStatusAt >= eventLimits.statusEveryMs) {
        sentStatusAt = now
        await guarded('the status', async () => broadcast(frame('status', await deps.status())))
      }
      if (now - sentHeartbeatAt >= eventLimits.heartbeatEveryMs) {
        sentHeartbeatAt = now
        broadcast(': here\n\n')
      }
      await wall
        .sleepUntil(now + eventLimits.readingsEveryMs, { signal: stopped.signal })
        .catch(() => undefined)
    }
    isTicking = false
  }

  /** Older changes first, from the store; live once there is nothing between it and the others. */
  const catchUp = async (client: Client): Promise<void> => {
    await guarded('older changes', async () => {
      for (;;) {
        const page = await changes.read(client.position, eventLimits.changesAtOnce)
        const isGone = page.oldest > client.position + 1 && client.position < page.newest
        // Told by another Larder, or by this one before it was restored: what comes has smaller numbers.
        const isUnknown = client.position > page.newest
        if (isGone || isUnknown)
          send(client, frame('reset', { oldest: page.oldest, newest: page.newest }))
        if (isUnknown) {
          client.position = page.newest
          continue
        }
        sendChanges(client, page.items)
        client.position = Math.max(client.position, page.until)
        if (client.stream.destroyed) return
        if (!page.isFull && client.position >= head) break
      }
      client.isLive = true
    })
    if (!client.isLive) client.stream.destroy()
  }

  const off = operations.subscribe(() => void pump())

  return {
    async connect(after) {
      if (clients.size >= limits.mostClients)
        throw new LarderError(
          'RT_NOT_READY',
          `${limits.mostClients} clients follow the events already. Try again later, or read GET /v1/changes.`,
        )
      const { newest } = await operations.changes(Number.MAX_SAFE_INTEGER, 1)
      if (clients.size === 0) head = Math.max(head, newest)
      const client: Client = {
        stream: new Readable({ read: () => undefined }),
        position: after ?? head,
        isLive: false,
      }
      clients.add(client)
      client.stream.on('close', () => clients.delete(client))
      client.stream.push('retry: 2000\n\n')
      void catchUp(client)
      void tick()
      return client.stream
    },
    stop() {
      stopped.abort()
      off()
      for (const client of [...clients]) client.stream.push(null)
      clients.clear()
    },
  }
}
