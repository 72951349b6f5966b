import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hourMs, minuteMs, type SlotCapacity, type Transfer } from '../domain/index.ts'
import { lane, milk, planogram, s1, w1 } from '../test/api/city.ts'
import { createTestApi, testStart, type TestApi } from '../test/api/test-api.ts'

let api: TestApi
beforeAll(async () => {
  api = await createTestApi()
  const { operations } = api
  await operations.putMasterData('sites', [s1, w1], testStart)
  await operations.putMasterData('products', [milk], testStart)
  await operations.putMasterData('planograms', [planogram], testStart)
  await operations.putMasterData('lanes', [lane], testStart)
  await operations.moveStock(
    [s1.id, w1.id].map((site) => ({
      ...{ id: `m.${site}`, site, product: 'milk', units: 500, set: true },
      ...{ reason: 'count' as const, at: testStart, reference: null },
    })),
  )
})
afterAll(() => api.close())

const transfer = (id: string): Transfer => ({
  ...{ id, planId: 'p1', from: 'w1', to: 's1', lane: lane.id },
  ...{ tempClass: 'chilled', status: 'proposed', saves: 20, alternatives: [] },
  lines: [
    {
      ...{ product: 'milk', units: 10, dispatchedUnits: null, receivedUnits: null, saves: 20 },
      reason: {
        ...{ valueToReceiver: 40, lossToGiver: 0, unitCosts: 5, tripCostShare: 15 },
        words: 'because',
      },
      ...{ forecast: null, quantilesUsed: [{ p: 0.9, value: 12 }] },
    },
  ],
  ...{ etaMinutesP50: 40, etaMinutesP90: 70, proposedAt: testStart },
  ...{ expiresAt: testStart + hourMs, decidedAt: null, decidedBy: null, dispatchedAt: null },
  ...{ shownEtaAt: null, receivedAt: null },
})

const slot = (startAt: number, capacityMinutes = 50): SlotCapacity => ({
  ...{ id: `s1.${startAt / 60_000}`, site: 's1', startAt, endAt: startAt + 15 * 60_000 },
  ...{ lengthMinutes: 15, staff: 4, capacityMinutes, walkInReserveMinutes: 10 },
  ...{ carriedOverMinutes: 0, mode: 'normal', reasons: [] },
})
const basket = { lines: [{ product: 'milk', units: 1 }] }

describe('a transfer', () => {
  test('is approved, driven and counted in, each step once', async () => {
    await api.operations.proposeTransfers([transfer('t1')], testStart)
    const approved = await api.ask('POST', '/v1/transfers/t1/approve', {})
    expect(approved.json()).toMatchObject({
      ...{ id: 't1', status: 'approved', decidedBy: 'owner' },
      proposedAt: '2026-11-22T09:00:00+08:00',
    })
    const again = await api.ask('POST', '/v1/transfers/t1/approve')
    expect([again.statusCode, again.json()]).toMatchObject([409, { code: 'RT_WRONG_STATE' }])
    const sent = await api.ask('POST', '/v1/transfers/t1/dispatch')
    expect(sent.json()).toMatchObject({
      ...{ status: 'in_transit', shownEtaAt: '2026-11-22T10:15:00+08:00' },
    })
    const lines = [{ product: 'milk', units: 9 }]
    const got = await api.ask('POST', '/v1/transfers/t1/receive', { lines })
    expect(got.json()).toMatchObject({ status: 'short', lines: [{ receivedUnits: 9 }] })
  })

  test('that was rejected is not sent', async () => {
    await api.operations.proposeTransfers([transfer('t2')], testStart)
    expect((await api.ask('POST', '/v1/transfers/t2/reject')).statusCode).toBe(200)
    expect((await api.ask('POST', '/v1/transfers/t2/dispatch', {})).statusCode).toBe(409)
  })

  test('is listed by status and by either end', async () => {
    const list = await api.ask('GET', '/v1/transfers?site=w1&status=rejected')
    expect(list.json<{ items: { id: string }[] }>().items.map(({ id }) => id)).toEqual(['t2'])
  })
})

describe('a booking', () => {
  test('is leased, booked, arrived and collected', async () => {
    const early = slot(testStart + hourMs)
    await api.operations.saveSlots([early], testStart)
    const lease = await api.ask('POST', '/v1/leases', { slot: early.id, baskets: [basket] })
    expect([lease.statusCode, lease.json()]).toMatchObject([
      201,
      { minutes: 2, expiresAt: '2026-11-22T09:05:00+08:00' },
    ])
    const { leaseId } = lease.json<{ leaseId: string }>()
    const booking = await api.ask('POST', '/v1/bookings', { leaseId })
    expect([booking.statusCode, booking.json()]).toMatchObject([
      201,
      { status: 'booked', start: '2026-11-22T10:00:00+08:00' },
    ])
    const { id } = booking.json<{ id: string }>()
    const arrived = await api.ask('POST', `/v1/bookings/${id}/arrive`)
    const collected = await api.ask('POST', `/v1/bookings/${id}/collect`)
    expect([arrived.json(), collected.json()]).toMatchObject([
      { status: 'arrived' },
      { status: 'collected' },
    ])
    expect((await api.ask('DELETE', `/v1/bookings/${id}`)).statusCode).toBe(409)
  })

  test('of an unknown product, slot or lease says so', async () => {
    const unknown = { lines: [{ product: 'cheese', units: 1 }] }
    const id = slot(testStart + hourMs).id
    const answers = await Promise.all([
      api.ask('POST', '/v1/leases', { slot: id, baskets: [unknown] }),
      api.ask('POST', '/v1/leases', { slot: 's1.1', baskets: [basket] }),
      api.ask('POST', '/v1/bookings', { leaseId: 'none' }),
    ])
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([400, 404, 404])
  })

  test('50 parallel leases take exactly what the slot has, and the rest learn the next slots', async () => {
    const full = slot(testStart + 3 * hourMs)
    const next = slot(testStart + 4 * hourMs)
    await api.operations.saveSlots([full, next], testStart)
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        api.ask('POST', '/v1/leases', { slot: full.id, baskets: [basket] }),
      ),
    )
    const refused = answers.filter(({ statusCode }) => statusCode === 409)
    // 50 minutes less 10 for walk-ins, at 2 a basket.
    expect([answers.length - refused.length, refused.length]).toEqual([20, 30])
    expect(refused[0]?.json()).toMatchObject({
      ...{ code: 'RT_CAPACITY_EXCEEDED', remainingMinutes: 0 },
      nextSlots: [{ id: next.id, start: '2026-11-22T13:00:00+08:00' }],
    })
    const read = await api.ask('GET', `/v1/slots/${full.id}`)
    expect(read.json()).toMatchObject({ heldMinutes: 40, remainingBookable: 0 })
  })
})

test('availability names the tier, and when it can be collected', async () => {
  const answer = await api.ask('GET', '/v1/availability?site=s1&product=milk&units=2')
  expect(answer.json()).toMatchObject({
    ...{ site: 's1', product: 'milk', units: 2, tier: 'in-store' },
    tiers: [
      { tier: 'in-store', from: 's1', eta: null },
      { tier: 'today', from: 'w1', eta: '2026-11-22T10:30:00+08:00' },
    ],
  })
  expect((await api.ask('GET', '/v1/availability?site=s1&product=none')).statusCode).toBe(404)
})

test('stock is shown with what can be promised', async () => {
  const answer = await api.ask('GET', '/v1/stock?site=s1')
  expect(answer.json()).toMatchObject({ items: [{ id: 's1.milk', product: 'milk' }] })
})

describe('Idempotency-Key', () => {
  const later = slot(testStart + 6 * hourMs)
  const slotId = later.id
  const body = { slot: slotId, baskets: [basket] }

  test('the same key and body get the same answer, and the thing is done once', async () => {
    await api.operations.saveSlots([later], testStart)
    const key = { 'idempotency-key': 'a'.repeat(36) }
    const first = await api.ask('POST', '/v1/leases', body, key)
    const second = await api.ask('POST', '/v1/leases', body, key)
    expect([second.statusCode, second.body]).toEqual([201, first.body])
    expect(second.headers['idempotency-replayed']).toBe('true')
    const read = await api.ask('GET', `/v1/slots/${later.id}`)
    expect(read.json()).toMatchObject({ heldMinutes: 2 })
  })

  test('the same key with another body is 422', async () => {
    const key = { 'idempotency-key': 'a'.repeat(36) }
    const other = { ...body, baskets: [basket, basket] }
    const answer = await api.ask('POST', '/v1/leases', other, key)
    expect([answer.statusCode, answer.json()]).toMatchObject([
      422,
      { code: 'RT_IDEMPOTENCY_KEY_REUSED' },
    ])
  })

  test('two at once: one is done, the other is told that it runs or gets its answer', async () => {
    const key = { 'idempotency-key': 'b'.repeat(36) }
    const answers = await Promise.all([0, 1].map(() => api.ask('POST', '/v1/leases', body, key)))
    const codes = answers.map(({ statusCode }) => statusCode)
    expect(codes).toContain(201)
    expect(codes.every((code) => code === 201 || code === 409)).toBe(true)
    const read = await api.ask('GET', `/v1/slots/${later.id}`)
    expect(read.json()).toMatchObject({ heldMinutes: 4 })
  })

  test('where the process died before it could keep its answer, asking again does nothing twice', async () => {
    const key = { 'idempotency-key': 'd'.repeat(36) }
    const end = api.operations.endIdempotent.bind(api.operations)
    // As a process that is gone: nobody keeps the answer, and nobody gives the key free.
    api.operations.endIdempotent = () => Promise.resolve()
    const first = await api.ask('POST', '/v1/leases', body, key)
    api.operations.endIdempotent = end
    const early = await api.ask('POST', '/v1/leases', body, key)
    expect([early.statusCode, early.json()]).toMatchObject([409, { code: 'RT_IN_FLIGHT' }])
    const begin = api.operations.beginIdempotent.bind(api.operations)
    api.operations.beginIdempotent = (id, hash, now) =>
      begin(id, hash, { ...now, wallAt: now.wallAt + 2 * minuteMs })
    const later = await api.ask('POST', '/v1/leases', body, key)
    api.operations.beginIdempotent = begin
    expect([later.statusCode, later.body]).toEqual([201, first.body])
    const read = await api.ask('GET', `/v1/slots/${slotId}`)
    expect(read.json()).toMatchObject({ heldMinutes: 6 })
  })

  test('a secret given again is the same, and does not lie in the store', async () => {
    const key = { 'idempotency-key': 'c'.repeat(36) }
    const device = { site: 's1', device: 'till-9', kind: 'till' }
    const kept: string[] = []
    const keep = api.operations.endIdempotent.bind(api.operations)
    api.operations.endIdempotent = (id, answer) => {
      kept.push(answer?.body ?? '')
      return keep(id, answer)
    }
    const first = await api.ask('POST', '/v1/devices', device, key)
    const second = await api.ask('POST', '/v1/devices', device, key)
    const { password } = first.json<{ password: string }>()
    expect([second.statusCode, second.json()]).toEqual([201, first.json()])
    expect(kept).toHaveLength(1)
    expect(kept[0]).not.toContain(password)
  })
})
