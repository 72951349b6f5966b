import {
  minuteMs,
  quantileLevels,
  type AlarmKind,
  type Basket,
  type DeadLetter,
  type Distribution,
  type Forecast,
  type SlotCapacity,
  type StockEvidence,
  type StockMovement,
  type StockPosition,
  type Transfer,
} from '../../domain/index.ts'
import { noEffects } from './no-effects.ts'
import type { AlarmEvent, OperationsBatch } from './operations-batch.ts'
import type { OperationsStore } from './operations-store.ts'

/** A Monday morning of the city that the contract plays in. */
export const start = Date.UTC(2026, 10, 16)

export const site = (id: string) =>
  ({ id, name: `Site ${id}`, kind: 'store', timeZone: 'Asia/Shanghai' }) as const

export const product = (id: string) =>
  ({ id, name: `Product ${id}`, tempClass: 'chilled', shortageCost: 3, overageCost: 1 }) as const

export function movement(
  id: string,
  units: number,
  more: Partial<StockMovement> = {},
): StockMovement {
  return {
    ...{ id, units, site: 's1', product: 'p1', set: false, reason: 'delivery', at: start },
    ...{ reference: null, ...more },
  }
}

export const shelf = (units: number, at: number, more: object = {}): StockEvidence => ({
  ...{ type: 'shelf', site: 's1', product: 'p1', units, at, ...more },
})

export const sale = (units: number, at: number, reference: string): StockEvidence => ({
  ...{ type: 'sale', site: 's1', product: 'p1', units, at, reference },
})

export const batch = (position: number, more: Partial<OperationsBatch> = {}): OperationsBatch => ({
  applied: { group: 'ingest', partition: 0, position },
  ...noEffects,
  ...more,
})

export async function stockOf(
  store: OperationsStore,
  id = 's1.p1',
): Promise<Pick<StockPosition, 'onHand' | 'reserved' | 'incoming' | 'inTransit' | 'available'>> {
  const found = await store.get('stock', id)
  const { onHand = 0, reserved = 0, incoming = 0, inTransit = 0, available = 0 } = found ?? {}
  return { onHand, reserved, incoming, inTransit, available }
}

export function transfer(id: string, more: Partial<Transfer> = {}, units = 5): Transfer {
  const reason = { valueToReceiver: 9, lossToGiver: 1, unitCosts: 1, tripCostShare: 2, words: 'w' }
  const counts = { dispatchedUnits: null, receivedUnits: null }
  return {
    ...{ id, planId: 'plan', from: 's1', to: 's2', lane: 's1-s2', tempClass: 'chilled' },
    ...{ status: 'proposed', saves: 5, alternatives: [], etaMinutesP50: 30, etaMinutesP90: 50 },
    lines: [
      { product: 'p1', units, ...counts, saves: 5, reason, forecast: null, quantilesUsed: [] },
    ],
    ...{ proposedAt: start, expiresAt: start + 90 * minuteMs, decidedAt: null, decidedBy: null },
    ...{ dispatchedAt: null, shownEtaAt: null, receivedAt: null, ...more },
  }
}

export function slot(index: number, more: Partial<SlotCapacity> = {}): SlotCapacity {
  const startAt = start + index * 15 * minuteMs
  return {
    ...{ id: `s1.${startAt / minuteMs}`, site: 's1', startAt, endAt: startAt + 15 * minuteMs },
    ...{ lengthMinutes: 15, staff: 3, capacityMinutes: 40, walkInReserveMinutes: 8 },
    ...{ carriedOverMinutes: 2, mode: 'normal', reasons: [], ...more },
  }
}

export const basket = (units: number, productId = 'p1'): Basket => ({
  lines: [{ product: productId, units }],
})

const distribution = (mean: number): Distribution => ({
  mean,
  quantiles: quantileLevels.map((p) => ({ p, value: mean * p * 2 })),
})

export function forecast(origin: number, more: Partial<Forecast> = {}): Forecast {
  const { target = 'demand', site: at = 's1', product: of = 'p1' } = more
  return {
    id: `${target}.${at}.${of ?? 'all'}.${origin / 3_600_000}`,
    ...{ target: 'demand', site: 's1', product: 'p1', device: null, origin, horizonHours: 12 },
    total: distribution(12.3),
    hours: Array.from({ length: 12 }, (_, hour) => distribution(0.1 * hour)),
    ...{ model: 'm1', servedBy: 'tfjs:m1', label: 'candidate', graced: false },
    reason: 'It is the first.',
    ...{ baselines: [{ name: 'naive-168h', mean: 11 }], issuedAt: origin + 1, ...more },
  }
}

export function deadLetter(position: number, more: Partial<DeadLetter> = {}): DeadLetter {
  return {
    ...{ id: `0.${position}`, topic: 'v1/s1/d1/telemetry', path: null },
    payload: Uint8Array.of(0, 255, 10),
    ...{ receivedAt: start + position, reason: 'not-json', words: 'w', replayedAt: null, ...more },
  }
}

export const alarm = (
  raised: boolean,
  at: number,
  more: Partial<AlarmEvent> & { readonly kind?: AlarmKind } = {},
): AlarmEvent => ({
  ...{ kind: 'device-silent', severity: 'warning', site: 's1', device: 'd1', product: null },
  ...{ words: 'It is silent.', raised, at, ...more },
})

/** Every number of the outbox from the first, to be compared with 1, 2, 3 … */
export async function changeNumbers(store: OperationsStore): Promise<readonly number[]> {
  return (await store.changes(0, 100_000)).changes.map(({ number }) => number)
}
