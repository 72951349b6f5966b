import {
  errorMessage,
  hourMs,
  isRetryable,
  LarderError,
  localTime,
  minuteMs,
  toRfc3339,
  type Random,
} from '../../domain/index.ts'
import { restoreRandom, type Logger } from '../../runtime/index.ts'
import {
  normal,
  type CityCommand,
  type CommandResult,
  type Line,
  type World,
} from '../city/index.ts'
import type { ApiClient } from './api-client.ts'

/** Somebody who booked: when they come, or call it off, or neither. */
interface Errand {
  readonly booking: string
  readonly site: string
  readonly lines: readonly Line[]
  readonly step: 'booked' | 'arrived' | 'collected'
  readonly next: 'cancel' | 'arrive' | 'forget' | 'collect' | 'take'
  readonly nextAt: number
}

/** People who book a quarter of an hour ahead of coming: most come about on time, some call off, some never show. */
export interface Customers {
  /** One round at a city time. Never fails: what cannot be done now is tried again. */
  act(now: number): Promise<void>
  save(): unknown
}

interface SlotView {
  readonly id: string
  readonly start: string
  readonly status: string
  readonly remainingBookable: number
}

const bookingsPerHour = 2.2
const bookingHours = { from: 8, until: 21 }
const cancelShare = 0.05
const noShowShare = 0.05
const smallestBasketMinutes = 6

export function createCustomers(deps: {
  readonly api: Pick<ApiClient, 'get' | 'post' | 'delete'>
  readonly world: Pick<World, 'stock' | 'appetite' | 'masterData'>
  readonly apply: (command: CityCommand) => CommandResult
  readonly remember: () => void
  /** Distinguishes the keys of this run from those of a run before. */
  readonly runId: string
  readonly random: Random
  readonly logger: Logger
  readonly from?: unknown
}): Customers {
  const { api, world, logger } = deps
  const saved = deps.from as { errands: Errand[]; random: number[]; askedAt: number } | undefined
  const random = saved ? restoreRandom(saved.random) : deps.random.fork('customers')
  const errands = new Map((saved?.errands ?? []).map((one) => [one.booking, one]))
  const stores = world.masterData().sites.filter(({ kind }) => kind === 'store')
  let askedAt = saved?.askedAt ?? -1
  let wishes = 0

  const put = (errand: Errand): void => {
    errands.set(errand.booking, errand)
    deps.remember()
  }
  const drop = (booking: string): void => {
    errands.delete(booking)
    deps.remember()
  }

  /** A basket of what people want now, of products with some units to spare. */
  const fillBasket = (site: string): readonly Line[] => {
    const there = new Map(
      world
        .stock()
        .filter((line) => line.site === site)
        .map(({ product, units }) => [product, units]),
    )
    const choice = world
      .appetite(site)
      .filter(({ product, weight }) => weight > 0 && (there.get(product) ?? 0) >= 4)
      .map((one) => ({ ...one }))
    const lines: Line[] = []
    for (let count = 1 + Math.floor(3 * random.next()); count > 0 && choice.length > 0; count--) {
      let left = random.next() * choice.reduce((sum, { weight }) => sum + weight, 0)
      const place = Math.max(
        0,
        choice.findIndex(({ weight }) => (left -= weight) <= 0),
      )
      const [chosen] = choice.splice(place, 1)
      lines.push({ product: chosen!.product, units: random.next() < 0.7 ? 1 : 2 })
    }
    return lines
  }

  const book = async (site: { id: string; timeZone: string }, now: number): Promise<void> => {
    const lines = fillBasket(site.id)
    const from = now + Math.round((40 + 200 * random.next()) * minuteMs)
    const lateness = (-1 + 6 * normal(random)) * minuteMs
    const fate = random.next()
    if (lines.length === 0) return
    const { items } = await api.get<{ items: SlotView[] }>(
      `/v1/slots?site=${site.id}&from=${encodeURIComponent(toRfc3339(from, site.timeZone))}&limit=12`,
    )
    const open = items.find(
      (slot) => Date.parse(slot.start) >= from && slot.remainingBookable >= smallestBasketMinutes,
    )
    if (!open) return
    const lease = await leaseOneOf(open, [{ lines }])
    if (!lease) return
    const key = `${deps.runId}-book-${lease.leaseId}`
    const { leaseId } = lease
    const made = await api.post<{ id: string; start: string }>('/v1/bookings', { leaseId }, key)
    const startAt = Date.parse(made.start)
    const next =
      fate < cancelShare ? 'cancel' : fate < cancelShare + noShowShare ? 'forget' : 'arrive'
    const nextAt =
      next === 'cancel'
        ? now + Math.round((startAt - now) * 0.5)
        : next === 'forget'
          ? startAt + 2 * hourMs
          : Math.max(now + minuteMs, startAt + Math.round(lateness))
    put({ booking: made.id, site: site.id, lines, step: 'booked', next, nextAt })
  }

  /** The slot that was shown, or the first of those a refusal names. */
  const leaseOneOf = async (
    slot: SlotView,
    baskets: readonly { readonly lines: readonly Line[] }[],
  ): Promise<{ leaseId: string } | null> => {
    const ask = (id: string): Promise<{ leaseId: string }> =>
      api.post('/v1/leases', { slot: id, baskets }, `${deps.runId}-lease-${wishes++}`)
    try {
      return await ask(slot.id)
    } catch (error) {
      const [other] = nextSlotsOf(error)
      return other === undefined ? null : ask(other)
    }
  }

  const goOn = async (errand: Errand, now: number): Promise<void> => {
    const path = `/v1/bookings/${errand.booking}`
    switch (errand.next) {
      case 'cancel':
        await api.delete(path)
        drop(errand.booking)
        return
      case 'forget':
        drop(errand.booking)
        return
      case 'arrive': {
        await api.post(`${path}/arrive`, {}, `sim-arrive-${errand.booking}`)
        const minutes = 2 + 6 * random.next()
        const nextAt = now + Math.round(minutes * minuteMs)
        put({ ...errand, step: 'arrived', next: 'collect', nextAt })
        return
      }
      case 'collect':
        await api.post(`${path}/collect`, {}, `sim-collect-${errand.booking}`)
        put({ ...errand, step: 'collected', next: 'take', nextAt: now + 1 })
        return
      case 'take':
        deps.apply({ type: 'collect', site: errand.site, lines: errand.lines })
        drop(errand.booking)
    }
  }

  return {
    async act(now) {
      const hours = askedAt < 0 ? 0 : Math.min(1, (now - askedAt) / hourMs)
      askedAt = now
      for (const site of stores) {
        const { hour } = localTime(now, site.timeZone)
        if (hour < bookingHours.from || hour >= bookingHours.until) continue
        if (random.next() >= bookingsPerHour * hours) continue
        try {
          await book(site, now)
        } catch (error) {
          if (!isRetryable(error)) logger.info(`a booking was refused: ${errorMessage(error)}`)
        }
      }
      for (const errand of [...errands.values()]) {
        if (errand.nextAt > now) continue
        try {
          await goOn(errand, now)
        } catch (error) {
          if (isRetryable(error)) continue
          logger.info(`booking ${errand.booking} ends at ${errand.next}: ${errorMessage(error)}`)
          drop(errand.booking)
        }
      }
    },
    save: () => ({ errands: [...errands.values()], random: [...random.save()], askedAt }),
  }
}

/** Ids of the slots that a refusal for want of capacity names; another error is thrown on. */
function nextSlotsOf(error: unknown): readonly string[] {
  if (!(error instanceof LarderError) || error.status !== 409) throw error
  const { nextSlots } = error.details
  return Array.isArray(nextSlots)
    ? (nextSlots as { id?: unknown }[]).flatMap(({ id }) => (typeof id === 'string' ? [id] : []))
    : []
}
