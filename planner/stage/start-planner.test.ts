import { afterEach, expect, test } from 'vitest'
import {
  dayMs,
  hourMs,
  minuteMs,
  quantileLevels,
  type Distribution,
  type Forecast,
} from '../../domain/index.ts'
import { loadSettings } from '../../config/index.ts'
import {
  createManualClock,
  createMetrics,
  silentLogger,
  type ManualClock,
} from '../../runtime/index.ts'
import {
  createMemorySeriesStore,
  createSqliteOperationsStore,
  type OperationsStore,
} from '../../store/index.ts'
import { startPlanner, type Planner } from './start-planner.ts'

/** Sunday 10:00 in Shanghai. */
const start = Date.UTC(2026, 10, 22, 2)
const settings = loadSettings({ flags: {}, env: {}, file: null }).planner

let planner: Planner | null = null
afterEach(async () => {
  await planner?.stop()
  planner = null
})

function spread(mean: number): Distribution {
  return { mean, quantiles: quantileLevels.map((p) => ({ p, value: mean * (0.5 + p) })) }
}

function forecast(target: 'demand' | 'footfall', product: string | null, total: number): Forecast {
  return {
    id: `${target}.s1.${product ?? 'all'}.${start / hourMs}`,
    target,
    site: 's1',
    product,
    device: null,
    origin: start,
    horizonHours: 12,
    total: spread(total),
    hours: Array.from({ length: 12 }, () => spread(total / 12)),
    model: 'test',
    servedBy: 'naive-168h',
    label: 'baseline',
    reason: 'No network is trained yet.',
    baselines: [],
    graced: false,
    issuedAt: start,
  }
}

/** A store without milk, a warehouse full of it, a trip between them, one person at work. */
async function starvingStore(): Promise<OperationsStore> {
  const operations = await createSqliteOperationsStore({ file: ':memory:' })
  const timeZone = 'Asia/Shanghai'
  await operations.putMasterData(
    'sites',
    [
      { id: 'w1', name: 'Depot', kind: 'warehouse', timeZone },
      { id: 's1', name: 'Corner', kind: 'store', timeZone, opens: '08:00', closes: '22:00' },
    ],
    start,
  )
  await operations.putMasterData(
    'products',
    [
      { id: 'milk', name: 'Milk', tempClass: 'chilled', shortageCost: 300, overageCost: 20 },
      { id: 'rice', name: 'Rice', tempClass: 'ambient', shortageCost: 500, overageCost: 1 },
    ],
    start,
  )
  await operations.putMasterData(
    'planograms',
    [
      { id: 'w1-milk', site: 'w1', product: 'milk', holdBackUnits: 30 },
      { id: 's1-milk', site: 's1', product: 'milk' },
    ],
    start,
  )
  const lane = { id: 'w1-s1', from: 'w1', to: 's1', minutesP50: 35, minutesP90: 55 }
  await operations.putMasterData(
    'lanes',
    [{ ...lane, unitCost: 10, tripCost: 900, capacityUnits: 100, tempClasses: ['chilled'] }],
    start,
  )
  await operations.putMasterData(
    'staff',
    [{ id: 's1-day', site: 's1', start: '08:00', end: '22:00', people: 2 }],
    start,
  )
  const stock = (site: string, product: string, units: number) => ({
    id: `opening.${site}.${product}`,
    ...{ site, product, units, set: true, reason: 'opening' as const, at: start, reference: null },
  })
  await operations.moveStock([
    stock('w1', 'milk', 60),
    stock('s1', 'milk', 2),
    stock('w1', 'rice', 60),
    stock('s1', 'rice', 0),
  ])
  await operations.saveForecasts([
    forecast('demand', 'milk', 24),
    forecast('demand', 'rice', 10),
    forecast('footfall', null, 240),
  ])
  return operations
}

function plan(operations: OperationsStore, clock: ManualClock, autoApproveMinutes = 0): void {
  planner = startPlanner({
    operations,
    series: createMemorySeriesStore(),
    clock,
    wall: createManualClock(0),
    logger: silentLogger,
    metrics: createMetrics({ withProcess: false }),
    settings,
    autoApproveMinutes,
    keepDays: 30,
    clockSpeed: 1,
    passedMs: () => clock.now(),
  })
}

async function eventually<T>(read: () => Promise<T | null | undefined | false>): Promise<T> {
  for (let tries = 0; tries < 400; tries++) {
    const value = await read()
    if (value) return value
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error('It did not come to pass.')
}

const transfers = async (operations: OperationsStore, status?: string) =>
  (await operations.list('transfers', { status, limit: 50 })).items

/** Lets the planner do what is due, minute by minute. */
async function pass(clock: ManualClock, minutes: number): Promise<void> {
  for (let i = 0; i < minutes; i++) {
    await clock.advanceTo(clock.now() + minuteMs)
    await new Promise((resolve) => setTimeout(resolve, 3))
  }
}

test('a starving store gets what a full warehouse can spare, with a reason that adds up, and not twice', async () => {
  const operations = await starvingStore()
  const clock = createManualClock(start)
  plan(operations, clock)
  const [transfer] = await eventually(async () => {
    const found = await transfers(operations)
    return found.length > 0 && found
  })
  expect(transfer).toMatchObject({ from: 'w1', to: 's1', tempClass: 'chilled', status: 'proposed' })
  const line = transfer!.lines[0]!
  expect(transfer!.lines).toHaveLength(1)
  expect(line.units).toBeGreaterThan(10)
  expect(line.units).toBeLessThanOrEqual(30)
  expect(line.forecast).toBe(forecast('demand', 'milk', 24).id)
  expect(line.quantilesUsed.map(({ p }) => p)).toEqual([0.5, 0.9])
  const { valueToReceiver, lossToGiver, unitCosts, tripCostShare } = line.reason
  expect(valueToReceiver - lossToGiver - unitCosts - tripCostShare).toBeCloseTo(line.saves, 9)
  expect(transfer!.alternatives.at(-1)).toContain('Doing nothing')

  await operations.decideTransfer(transfer!.id, 'approve', 'planner', clock.now())
  await pass(clock, 31)
  expect(await transfers(operations)).toHaveLength(1)
  expect(planner!.status()).toMatchObject({ name: 'planner', ready: true })
  await operations.close()
})

test('a proposal that nobody decides expires, one that may approve itself does so in time', async () => {
  const operations = await starvingStore()
  const clock = createManualClock(start)
  plan(operations, clock)
  await eventually(async () => (await transfers(operations, 'proposed')).length === 1)
  await pass(clock, 20)
  expect(await transfers(operations)).toHaveLength(1)
  await clock.advanceTo(start + settings.proposalMinutes * minuteMs)
  await eventually(async () => (await transfers(operations, 'expired')).length === 1)
  await planner!.stop()
  await operations.close()

  const demo = await starvingStore()
  const demoClock = createManualClock(start)
  plan(demo, demoClock, 15)
  await eventually(async () => (await transfers(demo, 'proposed')).length === 1)
  await demoClock.advanceTo(start + 15 * minuteMs)
  const [approved] = await eventually(async () => {
    const found = await transfers(demo, 'approved')
    return found.length > 0 && found
  })
  expect(approved!.decidedBy).toBe('auto')
  await demo.close()
})

test('slots open for the hours ahead, within opening hours, and always keep minutes for walk-ins', async () => {
  const operations = await starvingStore()
  plan(operations, createManualClock(start))
  const slots = await eventually(async () => {
    const { items } = await operations.list('slots', { site: 's1', limit: 200 })
    return items.length > 0 && items
  })
  expect(slots).toHaveLength(48)
  for (const slot of slots) {
    expect(slot.capacityMinutes).toBeCloseTo(2 * 15 * 0.9)
    // 20 visitors an hour at 0.8: 20 x 1.3 x 0.25 h x 0.6 min
    expect(slot.walkInReserveMinutes).toBeCloseTo(20 * 1.3 * 0.25 * 0.6)
    expect(slot.remainingBookable).toBeGreaterThan(0)
    expect(slot.endAt).toBeLessThanOrEqual(start - 10 * hourMs + dayMs - 2 * hourMs)
  }
  await operations.close()
})

test('a booking of chilled goods gets a release before its pick-up, its surface below the limit', async () => {
  const operations = await starvingStore()
  const clock = createManualClock(start)
  plan(operations, clock)
  const slot = await eventually(async () => {
    const { items } = await operations.list('slots', { site: 's1', limit: 200 })
    return items.find(({ startAt }) => startAt >= start + 2 * hourMs)
  })
  await operations.lease({
    ...{ leaseId: 'l1', slot: slot.id, minutes: 3, now: start, expiresAt: start + 5 * minuteMs },
    baskets: [{ lines: [{ product: 'milk', units: 1 }] }],
  })
  await operations.book({ bookingId: 'b1', leaseId: 'l1', now: start })
  await pass(clock, 1)
  const task = await eventually(() => operations.get('release-tasks', 'b1.milk'))
  expect(task).toMatchObject({ feasible: true, ambientProbe: null, units: 1, status: 'planned' })
  expect(task.releaseNotBefore).toBeLessThanOrEqual(task.releaseNotAfter)
  expect(task.releaseNotAfter).toBeLessThan(slot.startAt)
  expect(task.predictedSurfaceCelsiusP90).toBeLessThanOrEqual(task.limitCelsius)

  await operations.moveBooking('b1', 'cancel', clock.now())
  await pass(clock, 1)
  await eventually(
    async () => (await operations.get('release-tasks', 'b1.milk'))?.status === 'cancelled',
  )
  await operations.close()
})

test('a proposal stays while the need does, and is withdrawn by the plan after the shelf was filled', async () => {
  const operations = await starvingStore()
  const clock = createManualClock(start)
  plan(operations, clock)
  const [first] = await eventually(async () => {
    const found = await transfers(operations)
    return found.length > 0 && found
  })
  await pass(clock, 16)
  expect(await transfers(operations)).toEqual([first])

  await operations.moveStock([
    {
      ...{ id: 'delivery', site: 's1', product: 'milk', units: 80, set: false },
      ...{ reason: 'receipt', at: clock.now(), reference: null },
    },
  ])
  await pass(clock, 16)
  expect(await transfers(operations)).toMatchObject([{ id: first!.id, status: 'expired' }])
  await operations.close()
})

test('a booking that nobody came for is missed after the grace, and its stock can be sold again', async () => {
  const operations = await starvingStore()
  const clock = createManualClock(start)
  plan(operations, clock)
  const slot = await eventually(async () => {
    const { items } = await operations.list('slots', { site: 's1', limit: 200 })
    return items[0]
  })
  const basket = { lines: [{ product: 'milk', units: 1 }] }
  for (const id of ['b1', 'b2']) {
    await operations.lease({
      ...{ leaseId: id, slot: slot.id, minutes: 1, now: start, expiresAt: start + 5 * minuteMs },
      baskets: [basket],
    })
    await operations.book({ bookingId: id, leaseId: id, now: start })
  }
  await operations.moveBooking('b2', 'arrive', start)
  const overAt = slot.endAt + settings.missAfterMinutes * minuteMs
  await clock.advanceTo(overAt - minuteMs)
  await pass(clock, 0)
  expect(await operations.get('bookings', 'b1')).toMatchObject({ status: 'booked' })
  await clock.advanceTo(overAt + minuteMs)
  await eventually(async () => (await operations.get('bookings', 'b1'))?.status === 'missed')
  expect(await operations.get('bookings', 'b2')).toMatchObject({ status: 'arrived' })
  expect(await operations.get('stock', 's1.milk')).toMatchObject({ reserved: 1 })
  await operations.close()
})

test('what is old is dropped once an hour, but no open decision, and change numbers go on', async () => {
  const operations = await starvingStore()
  const clock = createManualClock(start)
  plan(operations, clock)
  await eventually(async () => (await transfers(operations, 'proposed')).length === 1)
  const [proposal] = await transfers(operations, 'proposed')
  await operations.decideTransfer(proposal!.id, 'approve', 'planner', clock.now())
  const { newest } = await operations.changes(0, 1)
  await clock.advanceTo(start + 31 * dayMs)
  await eventually(
    async () => (await operations.list('forecasts', { limit: 9 })).items.length === 0,
  )
  expect(await operations.get('transfers', proposal!.id)).toMatchObject({ status: 'approved' })
  const left = await operations.changes(0, 1)
  expect(left.oldest).toBeGreaterThan(1)
  expect(left.newest).toBeGreaterThanOrEqual(newest)
  await operations.close()
})
