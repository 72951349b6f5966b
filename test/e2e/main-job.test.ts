import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { channelType, hourMs, minuteMs } from '../../domain/index.ts'
import type {
  ForecastView,
  LeaseAnswer,
  List,
  ReadingView,
  ReleaseTaskView,
  SlotView,
  StockView,
  TransferView,
} from '../support/api-views.ts'
import { startSteppedLarder, type SteppedLarder } from '../support/stepped-larder.ts'
import { temporaryFolder } from '../support/larder-process.ts'

/** Thursday 2026-11-19 10:00 in Shanghai. */
const startAt = Date.UTC(2026, 10, 19, 2)
const product = 'fresh-milk-950ml'

describe('a small city on a clock that moves with it', () => {
  const folder = temporaryFolder('main-job')
  let larder: SteppedLarder
  beforeAll(async () => {
    larder = await startSteppedLarder(folder.path, {
      ...{ seed: 1, startAt, size: 'small', historyDays: 28 },
    })
  })
  afterAll(async () => {
    await larder.stop()
    folder.remove()
  })

  const get = async <T>(path: string): Promise<T> => {
    const { status, body } = await larder.ask('GET', path)
    expect(status, path).toBe(200)
    return body as T
  }
  /** Waits, by the wall, for what a stage does by itself. */
  const until = async <T>(what: string, look: () => Promise<T | null>): Promise<T> => {
    for (const deadline = Date.now() + 60_000; Date.now() < deadline;) {
      const found = await look()
      if (found !== null) return found
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error(`not within a minute: ${what}`)
  }
  const stockOf = (site: string, of = product) => get<StockView>(`/v1/stock/${site}.${of}`)

  test('every reading that a device sent is stored, once and with its value', async () => {
    await larder.stepTo(startAt + 2 * hourMs + 10 * minuteMs)
    const sent = new Map<string, number>()
    for (const { path, seq, boot, at, gtin, values } of larder.sent)
      for (const [channel, value] of Object.entries(values)) {
        const name = `${path}/${channel}/${channel === 'sold' ? (gtin ?? '') : ''}`
        // Two levels of one moment are one: the later message has it.
        const place = channelType(channel) === 'count' ? `${boot} ${seq}` : String(at)
        sent.set(`${name} ${place}`, value)
      }
    const stored = new Map<string, number>()
    let rows = 0
    for (const { id: site } of larder.city.masterData().sites) {
      let cursor: string | null = ''
      while (cursor !== null) {
        const query = new URLSearchParams({ site, limit: '1000', ...(cursor && { cursor }) })
        query.set('from', new Date(startAt - minuteMs).toISOString())
        const page: List<ReadingView> = await get(`/v1/readings?${query.toString()}`)
        for (const { device, channel, gtin, at, value, seq, boot, quality } of page.items) {
          if (device === 'derived' || quality === 'imported') continue
          expect(quality).toBe('good')
          const place = channelType(channel) === 'count' ? `${boot} ${seq}` : Date.parse(at)
          stored.set(`${site}/${device}/${channel}/${gtin ?? ''} ${place}`, value)
          rows++
        }
        cursor = page.next
      }
    }
    expect(sent.size).toBeGreaterThan(1_500)
    expect(rows).toBe(sent.size)
    expect(byChannel(stored)).toEqual(byChannel(sent))
    expect(stored).toEqual(sent)
    expect(larder.ingest.counts()).toMatchObject({ duplicates: 0, deadLetters: 0 })
  })

  test('every product of every store has a forecast that a TensorFlow.js model made', async () => {
    larder.startModels(0.05)
    const forecasts = await until('forecasts served by tfjs', async () => {
      const { items } = await get<List<ForecastView>>(
        '/v1/forecasts?type=demand&latest=true&limit=1000',
      )
      return items.length > 0 && items.every(({ servedBy }) => servedBy.startsWith('tfjs:'))
        ? items
        : null
    })
    expect(forecasts.map((one) => `${one.site} ${one.product ?? ''}`).sort()).toEqual(
      ['store-1', 'store-2']
        .flatMap((site) => larder.city.masterData().products.map(({ id }) => `${site} ${id}`))
        .sort(),
    )
    for (const { total } of forecasts) {
      const values = total.quantiles.map(({ value }) => value)
      expect(values).toEqual(values.toSorted((a, b) => a - b))
    }
  })

  test('a shelf bought empty is filled by a transfer that was proposed, approved, driven and received', async () => {
    const before = await stockOf('store-1')
    larder.city.apply({
      ...{ type: 'collect', site: 'store-1', lines: [{ product, units: before.onHand }] },
    })
    await larder.stepTo(larder.clock.now() + minuteMs)
    expect((await stockOf('store-1')).onHand).toBe(0)
    larder.startPlanner()
    const proposal = await until('a transfer of milk to store 1', async () => {
      const { items } = await get<List<TransferView>>('/v1/transfers?status=proposed')
      const isIt = ({ to, lines }: TransferView): boolean =>
        to === 'store-1' && lines.some((line) => line.product === product)
      return items.find(isIt) ?? null
    })
    const { id, from } = proposal
    const units = proposal.lines.find((line) => line.product === product)!.units
    const giver = await stockOf(from)
    const sentBefore = larder.sent.length

    const approved = await larder.ask('POST', `/v1/transfers/${id}/approve`)
    expect(approved).toMatchObject({ status: 200, body: { status: 'approved', shownEtaAt: null } })
    expect((await stockOf('store-1')).incoming).toBe(units)

    const stepUntil = async (status: string): Promise<TransferView> => {
      for (let minute = 0; minute < 240; minute++) {
        await larder.stepTo(larder.clock.now() + minuteMs)
        const now = await get<TransferView>(`/v1/transfers/${id}`)
        if (now.status === status) return now
      }
      throw new Error(`transfer ${id} was not ${status} within 4 hours`)
    }
    const line = { product, units }
    const driving = await stepUntil('in_transit')
    expect(driving.shownEtaAt).not.toBeNull()
    expect(driving.lines).toContainEqual(
      expect.objectContaining({ ...line, dispatchedUnits: units, receivedUnits: null }),
    )
    await larder.stepTo(larder.clock.now() + 2 * minuteMs)
    const gone = await stockOf(from)
    expect(gone.inTransit).toBe(giver.inTransit + units)
    expect(gone.onHand).toBe(giver.onHand - units - picked(from, sentBefore))

    const onShelf = await stockOf('store-1')
    const sentOnTheRoad = larder.sent.length
    const received = await stepUntil('received')
    expect(received.lines).toContainEqual(
      expect.objectContaining({ ...line, dispatchedUnits: units, receivedUnits: units }),
    )
    await larder.stepTo(larder.clock.now() + 2 * minuteMs)
    const filled = await stockOf('store-1')
    expect(filled).toMatchObject({ incoming: onShelf.incoming - units })
    expect(filled.onHand).toBe(onShelf.onHand + units - picked('store-1', sentOnTheRoad))
    expect((await stockOf(from)).inTransit).toBe(giver.inTransit)
    for (const { site, product: of, units: there } of larder.city.stock())
      expect({ site, of, onHand: (await stockOf(site, of)).onHand }).toEqual({
        ...{ site, of, onHand: there },
      })
  })

  test('the parts of the reason of every line of a transfer add up to what it saves', async () => {
    const { items } = await get<List<TransferView>>('/v1/transfers?limit=1000')
    expect(items.length).toBeGreaterThan(0)
    for (const { saves, lines } of items) {
      for (const line of lines) {
        const { valueToReceiver, lossToGiver, unitCosts, tripCostShare } = line.reason
        const parts = valueToReceiver - lossToGiver - unitCosts - tripCostShare
        expect(line.saves).toBeCloseTo(parts, 6)
      }
      expect(saves).toBeGreaterThan(0)
      expect(saves).toBeCloseTo(
        lines.reduce((sum, line) => sum + line.saves, 0),
        6,
      )
    }
  })

  const rent = async (slot: string, lines: readonly object[]) => {
    const answer = await larder.ask('POST', '/v1/leases', { slot, baskets: [{ lines }] })
    return { status: answer.status, body: answer.body as LeaseAnswer }
  }
  const book = async (leaseId: string) => {
    const answer = await larder.ask('POST', '/v1/bookings', { leaseId })
    return { status: answer.status, body: answer.body as { id: string } }
  }
  const slots = async (): Promise<readonly SlotView[]> =>
    (await get<List<SlotView>>('/v1/slots?site=store-2&limit=100')).items

  test('50 requests at once book exactly what a slot can take; the rest hear what is left and where to go', async () => {
    const slot = (await slots()).find(
      ({ start, remainingBookable }) =>
        Date.parse(start) > larder.clock.now() && remainingBookable > 6,
    )!
    const ambient = larder.city
      .masterData()
      .products.find(({ tempClass }) => tempClass === 'ambient')!
    const basket = [{ product: ambient.id, units: 1 }]
    expect((await stockOf('store-2', ambient.id)).onHand).toBeGreaterThan(20)
    const answers = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const lease = await rent(slot.id, basket)
        if (lease.status !== 201) return lease
        const booking = await book(lease.body.leaseId)
        return { status: booking.status, body: lease.body }
      }),
    )
    const [booked, refused] = [201, 409].map((code) => answers.filter((one) => one.status === code))
    expect(booked!.length + refused!.length).toBe(50)
    const { minutes } = booked![0]!.body
    expect(booked).toHaveLength(Math.floor(slot.remainingBookable / minutes))
    const after = (await slots()).find(({ id }) => id === slot.id)!
    expect(after.usedMinutes).toBeCloseTo(slot.usedMinutes + booked!.length * minutes, 6)
    expect(after.remainingBookable).toBeLessThan(minutes)
    for (const { body } of refused!) {
      expect(body.code).toBe('RT_CAPACITY_EXCEEDED')
      expect(body.remainingMinutes).toBeLessThan(minutes)
      expect(body.nextSlots).not.toHaveLength(0)
      for (const next of body.nextSlots!) {
        expect(next.remainingBookable).toBeGreaterThanOrEqual(minutes)
        expect(Date.parse(next.start)).toBeGreaterThan(Date.parse(slot.start))
      }
    }
  })

  test('chilled goods of a booking leave the cold in time, and not so early that they get too warm', async () => {
    const slot = (await slots()).find(
      ({ start }) => Date.parse(start) > larder.clock.now() + hourMs,
    )!
    const lease = await rent(slot.id, [{ product, units: 2 }])
    const booking = await book(lease.body.leaseId)
    expect(booking.status).toBe(201)
    await larder.stepTo(larder.clock.now() + minuteMs)
    const task = await until('a release task', async () => {
      const { items } = await get<List<ReleaseTaskView>>('/v1/release-tasks?site=store-2')
      return items.find((one) => one.booking === booking.body.id) ?? null
    })
    expect(task).toMatchObject({ product, ambientProbe: 'probe-staging-1' })
    const [notBefore, notAfter, pickUpAt] = [
      ...[task.releaseNotBefore, task.releaseNotAfter, task.pickUpAt].map((at) => Date.parse(at)),
    ]
    expect(pickUpAt).toBe(Date.parse(slot.start))
    expect(notBefore).toBeLessThanOrEqual(notAfter!)
    expect(notAfter).toBeLessThanOrEqual(pickUpAt!)
    expect(task.predictedSurfaceCelsius).toBeLessThanOrEqual(task.predictedSurfaceCelsiusP90)
    expect(task.predictedSurfaceCelsiusP90).toBeLessThanOrEqual(task.limitCelsius)
  })

  /** Units of the product that a site's shelf saw taken by customers, of all sent since. */
  function picked(site: string, since: number): number {
    const shelf = larder.city
      .masterData()
      .planograms.find((one) => one.site === site && one.product === product)
    return larder.sent
      .slice(since)
      .filter(({ path }) => path === `${site}/${shelf?.device ?? ''}`)
      .reduce((sum, { values }) => sum + (values.picked ?? 0), 0)
  }
})

/** How many readings and their sum, by channel. */
function byChannel(readings: ReadonlyMap<string, number>): Record<string, [number, number]> {
  const sums: Record<string, [number, number]> = {}
  for (const [name, value] of readings) {
    const channel = name.split('/')[2]!
    const [count, sum] = sums[channel] ?? [0, 0]
    sums[channel] = [count + 1, Math.round(1e6 * (sum + value)) / 1e6]
  }
  return sums
}
