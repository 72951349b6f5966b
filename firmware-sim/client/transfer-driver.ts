import { errorMessage, isRetryable, minuteMs, type Random } from '../../domain/index.ts'
import type { Logger } from '../../runtime/index.ts'
import type { CityCommand, CommandResult, Line, World } from '../city/index.ts'
import type { ApiClient } from './api-client.ts'

/** A transfer on its way through people's hands. Larder hears of each step before the shelves change, so that the shelf has the last word. */
interface Trip {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly step: 'picking' | 'loading' | 'driving' | 'shelving'
  readonly readyAt: number
  readonly lines: readonly Line[]
}

export interface TransferDriver {
  /** One round at a city time: asks for what was approved, picks, drives, unloads. Never fails: what cannot be done now is tried again. */
  act(now: number): Promise<void>
  /** A hint that something was approved. */
  wake(): void
  save(): unknown
}

interface TransferView {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly lines: readonly {
    readonly product: string
    readonly units: number
    readonly dispatchedUnits: number | null
  }[]
}

const pickMinutes = { base: 3, perLine: 1.2 }
const unloadMinutes = { from: 3, to: 8 }
const pollEveryMs = 2 * minuteMs

export function createTransferDriver(deps: {
  readonly api: Pick<ApiClient, 'get' | 'post'>
  readonly world: Pick<World, 'stock' | 'now'>
  readonly apply: (command: CityCommand) => CommandResult
  readonly remember: () => void
  readonly random: Random
  readonly logger: Logger
  readonly from?: unknown
}): TransferDriver {
  const { api, world, logger } = deps
  const random = deps.random.fork('transfers')
  const trips = new Map<string, Trip>(
    ((deps.from ?? []) as readonly Trip[]).map((trip) => [trip.id, trip]),
  )
  let isDirty = true
  let isFirst = true
  let polledAt = -Infinity

  const put = (trip: Trip): void => {
    trips.set(trip.id, trip)
    deps.remember()
  }
  const drop = (id: string): void => {
    trips.delete(id)
    deps.remember()
  }

  const look = async (now: number): Promise<void> => {
    if (!isDirty && now - polledAt < pollEveryMs) return
    isDirty = false
    polledAt = now
    const list = async (status: string): Promise<readonly TransferView[]> =>
      (await api.get<{ items: TransferView[] }>(`/v1/transfers?status=${status}&limit=200`)).items
    for (const { id, from, to, lines } of await list('approved')) {
      if (trips.has(id)) continue
      const minutes = pickMinutes.base + pickMinutes.perLine * lines.length
      const readyAt = now + Math.round(minutes * minuteMs * (0.7 + 0.6 * random.next()))
      put({ id, from, to, step: 'picking', readyAt, lines: lines.map(plain) })
    }
    if (!isFirst) return
    isFirst = false
    // On the road by the books, but nobody here knows of it: the note was lost in a crash, the goods still stand on the shelf.
    for (const { id, from, to, lines } of await list('in_transit'))
      if (!trips.has(id))
        put({ id, from, to, step: 'loading', readyAt: now, lines: lines.map(plain) })
  }

  const goOn = async (trip: Trip, now: number): Promise<void> => {
    switch (trip.step) {
      case 'picking': {
        const lines = trip.lines.map(({ product, units }) => ({
          product,
          units: Math.min(units, unitsAt(trip.from, product)),
        }))
        await api.post(`/v1/transfers/${trip.id}/dispatch`, { lines }, `sim-dispatch-${trip.id}`)
        put({ ...trip, step: 'loading', readyAt: now + 1, lines })
        return
      }
      case 'loading': {
        const { id: load, from, to } = trip
        const moved = deps.apply({ type: 'dispatch', load, from, to, lines: trip.lines })
        const minutes = unloadMinutes.from + (unloadMinutes.to - unloadMinutes.from) * random.next()
        const readyAt = (moved.arrivesAt ?? now) + Math.round(minutes * minuteMs)
        put({ ...trip, step: 'driving', readyAt, lines: allLines(trip.lines, moved.lines) })
        return
      }
      case 'driving':
        await api.post(
          `/v1/transfers/${trip.id}/receive`,
          { lines: trip.lines },
          `sim-receive-${trip.id}`,
        )
        put({ ...trip, step: 'shelving', readyAt: now + 1 })
        return
      case 'shelving':
        deps.apply({ type: 'receive', load: trip.id })
        drop(trip.id)
    }
  }

  function unitsAt(site: string, product: string): number {
    return world.stock().find((one) => one.site === site && one.product === product)?.units ?? 0
  }

  return {
    async act(now) {
      try {
        await look(now)
      } catch (error) {
        isDirty = true
        if (!isRetryable(error)) logger.warn({ err: error }, 'transfers cannot be listed')
        return
      }
      for (const trip of [...trips.values()]) {
        if (trip.readyAt > now) continue
        try {
          await goOn(trip, now)
        } catch (error) {
          if (isRetryable(error)) continue
          // Someone cancelled it meanwhile, or it was counted by hand: the goods go where they belong.
          logger.info(`transfer ${trip.id} ends at ${trip.step}: ${errorMessage(error)}`)
          if (trip.step === 'driving') deps.apply({ type: 'return', load: trip.id })
          drop(trip.id)
        }
      }
    },
    wake() {
      isDirty = true
    },
    save: () => [...trips.values()],
  }
}

function plain(line: {
  readonly product: string
  readonly units: number
  readonly dispatchedUnits: number | null
}): Line {
  return { product: line.product, units: line.dispatchedUnits ?? line.units }
}

/** Every line of the order with what was really moved of it. */
function allLines(ordered: readonly Line[], moved: readonly Line[]): readonly Line[] {
  return ordered.map(({ product }) => ({
    product,
    units: moved.find((line) => line.product === product)?.units ?? 0,
  }))
}
