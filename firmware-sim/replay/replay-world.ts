import { hourMs, LarderError, minuteMs, offsetMinutes } from '../../domain/index.ts'
import {
  chanceOf,
  type CityEvent,
  type CommandResult,
  type Line,
  type World,
} from '../city/index.ts'
import { createEventQueue } from '../city/event-queue.ts'
import { replayHistory } from './replay-history.ts'
import { productName, replayLayout, replayMaster, replayZone, siteName } from './replay-master.ts'
import { createTimeline } from './replay-timeline.ts'
import type { Recordings } from './recorded.ts'

/** What comes: a series by its place, or a store by its place. */
type Coming =
  | { readonly what: 'hour' }
  | { readonly what: 'minute' }
  /** The recorded level at the start of an hour. */
  | { readonly what: 'level'; readonly series: number; readonly units: number }
  | { readonly what: 'sale'; readonly series: number }
  | { readonly what: 'ring'; readonly series: number }
  | { readonly what: 'door'; readonly store: number; readonly count: number }
  | { readonly what: 'truck'; readonly load: string }

interface Load {
  readonly from: string
  readonly to: string
  readonly lines: readonly Line[]
  readonly arrivesAt: number
}

interface Saved {
  readonly at: number
  readonly queue: ReturnType<ReturnType<typeof createEventQueue<Coming>>['save']>
  readonly recorded: number[]
  readonly onTop: number[]
  readonly loads: Record<string, Load>
}

/**
 * Recordings as a world. A shelf is what was recorded and, on top of it until 05:00, what transfers brought or people collected.
 * A recording cannot react: its sales stay as they were, though a transfer filled the shelf.
 */
export function createReplayWorld(options: {
  readonly recordings: Recordings
  readonly startAt: number
  readonly historyDays: number
  readonly from?: unknown
}): World {
  const { recordings, startAt } = options
  const { sales, footfall, cold } = recordings
  const offsetMs = offsetMinutes(startAt, replayZone) * minuteMs
  const timeline = createTimeline(recordings, startAt, options.historyDays, offsetMs)
  const master = replayMaster(sales)
  const layout = replayLayout(sales, { footfall: footfall !== null, cold: [...cold.keys()] })
  const series = sales.stores.flatMap(({ store, series: own }) =>
    own.map(({ product, pieces, empty }) => ({
      site: siteName(store),
      product: productName(product),
      pieces,
      empty,
    })),
  )
  const place = new Map(series.map(({ site, product }, index) => [`${site}/${product}`, index]))
  const saved = options.from === undefined ? null : structuredClone(options.from as Saved)
  const queue = createEventQueue<Coming>(saved?.queue)
  const recorded =
    saved?.recorded ?? series.map((one) => timeline.levelAt(one, timeline.hourOf(startAt)))
  const onTop = saved?.onTop ?? series.map(() => 0)
  const loads = saved?.loads ?? {}
  let at = saved?.at ?? startAt
  let events: CityEvent[] = []
  if (!saved) {
    queue.push(Math.ceil(startAt / hourMs) * hourMs, { what: 'hour' })
    queue.push(Math.ceil(startAt / minuteMs) * minuteMs, { what: 'minute' })
  }

  const unitsOf = (index: number): number => Math.max(0, recorded[index]! + onTop[index]!)
  const tellShelf = (index: number, picked: number): void => {
    const { site, product } = series[index]!
    events.push({ type: 'shelf', at, site, product, units: unitsOf(index), picked })
  }

  const planHour = (): void => {
    queue.push(at + hourMs, { what: 'hour' })
    const hour = timeline.hourOf(at)
    const isMorning = new Date(at + offsetMs).getUTCHours() === 5
    for (const [index, one] of series.entries()) {
      const level = timeline.levelAt(one, hour)
      const change = isMorning && onTop[index] !== 0
      if (isMorning) onTop[index] = 0
      if (level !== recorded[index] || change)
        queue.push(at + Math.floor(chanceOf(index, hour) * 60_000), {
          what: 'level',
          series: index,
          units: level,
        })
      const count = one.pieces[hour] ?? 0
      // What was sold in an hour that ran out was sold before it did.
      const spanMs = one.empty[hour] === 1 ? hourMs / 3 : hourMs - 2 * minuteMs
      for (let piece = 0; piece < count; piece++) {
        const share = (piece + chanceOf(index, hour, piece)) / count
        queue.push(at + minuteMs + Math.floor(share * (spanMs - minuteMs)), {
          what: 'sale',
          series: index,
        })
      }
    }
    if (!footfall) return
    for (const store of sales.stores.keys()) {
      const visitors = timeline.visitorsAt(store, at)
      for (let visitor = 0; visitor < visitors; visitor++)
        queue.push(at + Math.floor(chanceOf(store, hour, visitor, 7) * (hourMs - 1)), {
          what: 'door',
          store,
          count: 1,
        })
    }
  }

  const tellClimate = (): void => {
    queue.push(at + minuteMs, { what: 'minute' })
    if (cold.size === 0) return
    for (const [store, { site }] of layout.entries())
      events.push({
        type: 'climate',
        at,
        site,
        rooms: [...cold].map(([room, log]) => {
          const { celsius, humidityPct, isMoved } = log.at(timeline.coldTime(store, at))
          return { room, celsius, humidityPct, doorOpen: isMoved }
        }),
      })
  }

  const handle = (next: Coming): void => {
    switch (next.what) {
      case 'hour':
        planHour()
        return
      case 'minute':
        tellClimate()
        return
      case 'level':
        recorded[next.series] = next.units
        tellShelf(next.series, 0)
        return
      case 'sale':
        recorded[next.series] = Math.max(0, recorded[next.series]! - 1)
        tellShelf(next.series, 1)
        queue.push(at + 45_000, { what: 'ring', series: next.series })
        return
      case 'ring': {
        const { site, product } = series[next.series]!
        const till = Math.floor(2 * chanceOf(next.series, at))
        events.push({ type: 'sale', at, site, till, lines: [{ product, units: 1 }] })
        return
      }
      case 'door':
        events.push({
          type: 'door',
          at,
          site: layout[next.store]!.site,
          door: 0,
          in: next.count,
          out: next.count,
        })
        return
      case 'truck': {
        const load = loads[next.load]
        if (load)
          events.push({
            type: 'truck',
            at,
            what: 'arrived',
            load: next.load,
            from: load.from,
            to: load.to,
          })
      }
    }
  }

  const move = (site: string, lines: readonly Line[], sign: 1 | -1, isPick: boolean): Line[] =>
    lines.flatMap(({ product, units }) => {
      const index = place.get(`${site}/${product}`)
      if (index === undefined) return []
      const moved = sign > 0 ? units : Math.min(units, unitsOf(index))
      if (moved <= 0) return []
      onTop[index] = onTop[index]! + sign * moved
      tellShelf(index, isPick ? moved : 0)
      return [{ product, units: moved }]
    })

  return {
    now: () => at,
    step(toAt) {
      for (let next = queue.pop(toAt); next; next = queue.pop(toAt)) {
        at = next.at
        handle(next)
      }
      at = Math.max(at, toAt)
      const happened = events
      events = []
      return happened
    },
    apply(command): CommandResult {
      if (command.type === 'collect') {
        const lines = move(command.site, command.lines, -1, true)
        events.push({ type: 'sale', at, site: command.site, till: 0, lines })
        return { lines, arrivesAt: null }
      }
      const known = loads[command.load]
      if (command.type === 'dispatch') {
        if (known) return known
        const lines = move(command.from, command.lines, -1, false)
        const lane = master.lanes.find(({ from, to }) => from === command.from && to === command.to)
        const spread = 0.7 + 0.9 * chanceOf(at, lines.length)
        const arrivesAt = at + Math.round((lane?.minutesP50 ?? 30) * spread * minuteMs)
        loads[command.load] = { from: command.from, to: command.to, lines, arrivesAt }
        queue.push(arrivesAt, { what: 'truck', load: command.load })
        return { lines, arrivesAt }
      }
      if (!known) return { lines: [], arrivesAt: null }
      Reflect.deleteProperty(loads, command.load)
      const lines = move(command.type === 'receive' ? known.to : known.from, known.lines, 1, false)
      return { lines, arrivesAt: known.arrivesAt }
    },
    masterData: () => master,
    layout: () => layout,
    stock: () =>
      series.map(({ site, product }, index) => ({ site, product, units: unitsOf(index) })),
    history: () =>
      replayHistory({ series, layout, recordings, timeline, startAt, days: options.historyDays }),
    appetite: (site) =>
      series
        .filter((one) => one.site === site)
        .map(({ product, pieces }) => ({ product, weight: pieces[timeline.hourOf(at)] ?? 0 })),
    save(): Saved {
      if (events.length > 0)
        throw new LarderError('RT_WRONG_STATE', 'The world is saved only after a step.')
      return structuredClone({ at, queue: queue.save(), recorded, onTop, loads })
    },
  }
}
