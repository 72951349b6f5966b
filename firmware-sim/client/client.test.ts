import { expect, test } from 'vitest'
import { LarderError } from '../../domain/index.ts'
import { createRandom, silentLogger } from '../../runtime/index.ts'
import { createCity, type CityCommand } from '../city/index.ts'
import { createCustomers, createTransferDriver } from './index.ts'

const startAt = Date.parse('2026-11-16T10:00:00+08:00')
const minute = 60_000

/** The API's answers by `METHOD /path`, and what was asked. */
function createApi(answers: (call: string, body: unknown) => unknown) {
  const calls: { call: string; body: unknown; key: string | null }[] = []
  const ask = async (
    call: string,
    body: unknown = null,
    key: string | null = null,
  ): Promise<never> => {
    calls.push({ call, body, key })
    await Promise.resolve()
    return answers(call, body) as never
  }
  return {
    calls,
    get: (path: string) => ask(`GET ${path}`),
    post: (path: string, body: unknown, key: string) => ask(`POST ${path}`, body, key),
    delete: (path: string) => ask(`DELETE ${path}`),
  }
}

function setUp(answers: (call: string, body: unknown) => unknown) {
  const city = createCity({ seed: 5, startAt, size: 'small' })
  const api = createApi(answers)
  const deps = {
    api,
    world: city,
    apply: (command: CityCommand) => city.apply(command),
    remember: () => undefined,
    random: createRandom(1),
    runId: 'run',
    logger: silentLogger,
  }
  const live = async (act: (now: number) => Promise<void>, minutes: number): Promise<void> => {
    for (let at = startAt; at <= startAt + minutes * minute; at += minute / 2) {
      city.step(at)
      await act(at)
    }
  }
  return { city, api, deps, live }
}

const transfer = {
  id: 't-1',
  from: 'warehouse-1',
  to: 'store-1',
  lines: [{ product: 'fresh-milk-950ml', units: 10_000, dispatchedUnits: null }],
}

test('a transfer takes what is there, drives, and is counted in with what was loaded', async () => {
  let status = 'approved'
  const { city, api, deps, live } = setUp((call, body) => {
    if (call.startsWith('GET')) return { items: call.includes(status) ? [transfer] : [] }
    status = call.endsWith('dispatch') ? 'in_transit' : 'received'
    return body
  })
  const there = city.stock().find((one) => one.site === 'warehouse-1')!.units
  const driver = createTransferDriver(deps)
  await live((now) => driver.act(now), 300)
  const posts = api.calls.filter(({ call }) => call.startsWith('POST'))
  const body = { lines: [{ product: 'fresh-milk-950ml', units: there }] }
  expect(posts).toEqual([
    { call: 'POST /v1/transfers/t-1/dispatch', body, key: 'sim-dispatch-t-1' },
    { call: 'POST /v1/transfers/t-1/receive', body, key: 'sim-receive-t-1' },
  ])
  expect(driver.save()).toEqual([])
  expect(city.truth().inTransit).toBe(0)
})

test('a transfer cancelled before it leaves moves nothing', async () => {
  const { city, deps, live } = setUp((call) => {
    if (call.includes('status=approved')) return { items: [transfer] }
    if (call.startsWith('GET')) return { items: [] }
    throw new LarderError('RT_WRONG_STATE', 'it was cancelled')
  })
  const driver = createTransferDriver(deps)
  const before = city.stock().find((one) => one.site === 'warehouse-1')!.units
  await live((now) => driver.act(now), 40)
  expect(city.stock().find((one) => one.site === 'warehouse-1')!.units).toBe(before)
})

test('an API that is away is asked again with the same key', async () => {
  let failures = 3
  const { api, deps, live } = setUp((call) => {
    if (call.includes('status=approved')) return { items: [transfer] }
    if (call.startsWith('GET')) return { items: [] }
    if (failures-- > 0) throw new LarderError('RT_NOT_READY', 'away')
    return {}
  })
  const driver = createTransferDriver(deps)
  await live((now) => driver.act(now), 20)
  const keys = api.calls.flatMap(({ key }) => (key === null ? [] : [key]))
  expect(keys).toEqual(Array<string>(4).fill('sim-dispatch-t-1'))
})

test('people book a later slot, try the next where it is full, come, and take their goods', async () => {
  let bookings = 0
  let leases = 0
  const slot = (at: number) => ({
    id: `s.${at}`,
    start: new Date(at).toISOString(),
    status: 'free',
    remainingBookable: 20,
  })
  const full = new Set<string>()
  const { city, api, deps, live } = setUp((call, body) => {
    if (call.startsWith('GET /v1/slots')) {
      const from = Date.parse(decodeURIComponent(/from=([^&]+)/.exec(call)![1]!))
      return { items: [slot(Math.ceil(from / (15 * minute)) * 15 * minute)] }
    }
    if (call === 'POST /v1/leases') {
      const { slot: id } = body as { slot: string }
      const next = slot(Number(id.slice(2)) + 15 * minute)
      if (full.size < 3 && !full.has(id)) {
        full.add(id).add(next.id)
        throw new LarderError('RT_CAPACITY_EXCEEDED', 'full', { details: { nextSlots: [next] } })
      }
      return { leaseId: `${id}.${leases++}` }
    }
    if (call === 'POST /v1/bookings') {
      const { leaseId } = body as { leaseId: string }
      return { id: `b-${bookings++}`, start: new Date(Number(leaseId.split('.')[1])).toISOString() }
    }
    return {}
  })
  const customers = createCustomers(deps)
  const soldBefore = city.truth().sold
  await live((now) => customers.act(now), 9 * 60)
  expect(bookings).toBeGreaterThan(15)
  expect(bookings).toBeLessThan(70)
  const count = (end: string): number => api.calls.filter(({ call }) => call.endsWith(end)).length
  expect(count('/collect')).toBeGreaterThan(bookings / 2)
  expect(count('/collect')).toBeLessThanOrEqual(count('/arrive'))
  expect(city.truth().sold).toBeGreaterThan(soldBefore)
  const posts = api.calls.filter(({ call }) => call.startsWith('POST'))
  expect(posts.every(({ key }) => key !== null)).toBe(true)
  expect(new Set(posts.map(({ key }) => key)).size).toBe(posts.length)
})
