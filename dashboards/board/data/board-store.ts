import type { ApiClient } from './api-client.ts'
import { openEventStream } from './event-stream.ts'
import { applyChanges, collectionNames, emptyCollections, indexItems } from './collections.ts'
import { cityNow, readCityClock, type CityNow } from './city-time.ts'
import { addReadings, emptyFeed, type Feed } from './feed.ts'
import { addTemperatures, type Probes } from './probes.ts'
import type {
  ChangeEvent,
  CollectionName,
  Collections,
  ReadingView,
  SessionView,
  StatusView,
} from './wire.ts'

export interface BoardState {
  readonly connection: 'connecting' | 'live' | 'lost'
  /** Wall clock of the browser at the last event. */
  readonly heardAt: number | null
  readonly loaded: boolean
  readonly problem: string | null
  readonly status: StatusView | null
  readonly clock: CityNow | null
  readonly session: SessionView
  readonly collections: Collections
  readonly feed: Feed
  readonly probes: Probes
}

export interface BoardStore {
  readonly api: ApiClient
  state(): BoardState
  subscribe(listener: () => void): () => void
  /** A person's decision; the answer or the reason against it is shown by the caller. */
  decide(transfer: string, decision: 'approve' | 'reject'): Promise<void>
  close(): void
}

const hour = 3_600_000
/** Pictures are drawn at most so often, whatever arrives. */
const flushEveryMs = 300

function queryOf(name: CollectionName, now: number): Record<string, string | number | boolean> {
  const iso = (at: number) => new Date(at).toISOString()
  switch (name) {
    case 'forecasts':
      return { type: 'demand', latest: true, limit: 500 }
    case 'slots':
      return { from: iso(now - hour), to: iso(now + 6 * hour), limit: 500 }
    case 'transfers':
      return { from: iso(now - 24 * hour), limit: 500 }
    case 'alarms':
      return { from: iso(now - 7 * 24 * hour), limit: 500 }
    case 'sites':
    case 'products':
    case 'stock':
    case 'devices':
      return { limit: 500 }
  }
}

export function createBoardStore(api: ApiClient, eventsUrl: string): BoardStore {
  let state: BoardState = {
    connection: 'connecting',
    heardAt: null,
    loaded: false,
    problem: null,
    status: null,
    clock: null,
    session: { canWrite: false, csrfToken: null },
    collections: emptyCollections,
    feed: emptyFeed(Date.now()),
    probes: new Map(),
  }
  const listeners = new Set<() => void>()
  let changes: ChangeEvent[] = []
  let readings: ReadingView[] = []
  let isLoading = false
  let timer: ReturnType<typeof setTimeout> | undefined

  const set = (patch: Partial<BoardState>) => {
    state = { ...state, ...patch }
    for (const listener of listeners) listener()
  }
  const flush = () => {
    timer = undefined
    const patch: { -readonly [K in keyof BoardState]?: BoardState[K] } = { heardAt: Date.now() }
    if (readings.length > 0) {
      patch.feed = addReadings(state.feed, readings, Date.now())
      patch.probes = addTemperatures(state.probes, readings)
      readings = []
    }
    if (changes.length > 0 && !isLoading) {
      patch.collections = applyChanges(state.collections, changes)
      changes = []
    }
    set(patch)
  }
  const flushSoon = () => {
    timer ??= setTimeout(flush, flushEveryMs)
  }

  const load = async () => {
    isLoading = true
    try {
      const [status, session] = await Promise.all([
        api.get<StatusView>('/v1/status'),
        api.get<SessionView>('/v1/session').catch(() => ({ canWrite: false, csrfToken: null })),
      ])
      const clock = readCityClock(status.clock, performance.now())
      set({ status, session, clock })
      await Promise.all(
        collectionNames.map(async (name) => {
          const items = await api.list(`/v1/${name}`, queryOf(name, clock.cityAt))
          const collections = { ...state.collections, [name]: indexItems(name, items) }
          set({ collections })
        }),
      )
      set({ loaded: true, problem: null })
    } catch (error) {
      set({ problem: error instanceof Error ? error.message : String(error) })
      if (!state.loaded) setTimeout(() => void load(), 3_000)
    } finally {
      isLoading = false
      flushSoon()
    }
    await loadTemperatures().catch(() => undefined)
  }
  /** Sparklines start with the last two hours where the API still has them; they fill by themselves otherwise. */
  const loadTemperatures = async () => {
    const now = cityNow(state.clock, performance.now())
    if (now === null) return
    const past = await api.list<ReadingView>(
      '/v1/readings',
      { channel: 'celsius', from: new Date(now - 2 * hour).toISOString(), limit: 1000 },
      6,
    )
    const sorted = [...past].sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
    const since = [...state.probes.values()].flat()
    const oldest = Math.min(...since.map((point) => point.at), Infinity)
    const before = addTemperatures(
      new Map(),
      sorted.filter((reading) => Date.parse(reading.at) < oldest),
    )
    const joined = new Map(before)
    for (const [key, points] of state.probes) {
      joined.set(key, [...(before.get(key) ?? []), ...points])
    }
    set({ probes: joined })
  }

  const stop = openEventStream(eventsUrl, {
    onOpen() {
      set({ connection: 'live', heardAt: Date.now() })
      void load()
    },
    onLost: () => set({ connection: 'lost' }),
    onChange(change) {
      changes.push(change)
      flushSoon()
    },
    onReadings(items) {
      readings.push(...items)
      flushSoon()
    },
    onStatus(status) {
      set({ status, clock: readCityClock(status.clock, performance.now()), heardAt: Date.now() })
    },
  })

  return {
    api,
    state: () => state,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async decide(transfer, decision) {
      const item = await api.post(
        `/v1/transfers/${encodeURIComponent(transfer)}/${decision}`,
        state.session,
      )
      changes.push({ resource: 'transfers', id: transfer, state: 'updated', item })
      flush()
    },
    close() {
      stop()
      clearTimeout(timer)
      listeners.clear()
    },
  }
}
