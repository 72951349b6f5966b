import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { createCity } from '../../firmware-sim/index.ts'
import { startLarder, temporaryFolder, type LarderProcess } from '../support/larder-process.ts'

const folder = temporaryFolder('city-restart')
const data = join(folder.path, 'data')
const seed = 3
const env = { LARDER_CITY_SIZE: 'small', LARDER_CITY_HISTORY_DAYS: '10', LARDER_CITY_SPEED: '240' }
const args = ['--seed', String(seed)]
let larder: LarderProcess | null = null
afterAll(async () => {
  await larder?.kill()
  folder.remove()
})

interface Position {
  readonly site: string
  readonly product: string
  readonly onHand: number
}

async function items<T>(path: string): Promise<readonly T[]> {
  const { status, body } = await larder!.request('GET', path)
  expect(status, path).toBe(200)
  return (body as { items: readonly T[] }).items
}

/** Since this process began. */
async function messages(): Promise<number> {
  const { body } = await larder!.request('GET', '/v1/status')
  return (body as { messagesKept: number }).messagesKept
}

async function cityNow(): Promise<number> {
  const { body } = await larder!.request('GET', '/v1/clock')
  return (body as { now: number }).now
}

async function until(what: string, isSo: () => Promise<boolean>, withinMs: number): Promise<void> {
  const end = performance.now() + withinMs
  while (!(await isSo())) {
    if (performance.now() > end)
      throw new Error(`not within ${withinMs} ms: ${what}\n${larder!.output()}`)
    await sleep(200)
  }
}

const messagesFlow = async (): Promise<void> => {
  const before = await messages()
  await until('messages flow', async () => (await messages()) > before + 50, 20_000)
}

/** Stock as the city's last snapshot has it, without what happened since. */
function shelves(): ReadonlyMap<string, number> {
  const { snapshot } = JSON.parse(readFileSync(join(data, 'city.json'), 'utf8')) as {
    snapshot: { world: unknown }
  }
  const world = createCity({ seed, startAt: 0, size: 'small', from: snapshot.world })
  return new Map(world.stock().map(({ site, product, units }) => [`${site}.${product}`, units]))
}

/** Stock moves on while it is compared, so every position has to agree once, not all at one moment. */
async function stockAgrees(): Promise<void> {
  const agreed = new Set<string>()
  await until(
    'every stock position agrees with its shelf',
    async () => {
      const there = shelves()
      for (const { site, product, onHand } of await items<Position>('/v1/stock?limit=500'))
        if (there.get(`${site}.${product}`) === onHand) agreed.add(`${site}.${product}`)
      return agreed.size === there.size
    },
    30_000,
  )
}

test('a city goes on from the same data after a stop and after a SIGKILL, with its stock as it was', async () => {
  larder = await startLarder(data, { args, env, readyWithinMs: 60_000 })
  await messagesFlow()
  await until(
    'a transfer or a booking',
    async () => (await items('/v1/bookings')).length + (await items('/v1/transfers')).length > 0,
    60_000,
  )
  await stockAgrees()
  const credentials = join(data, 'sim-credentials.json')
  const introducedAt = statSync(credentials).mtimeMs
  const devices = (await items('/v1/devices?limit=500')).length

  for (const end of ['stop', 'kill'] as const) {
    const before = await cityNow()
    await larder[end]()
    const startedAt = performance.now()
    larder = await startLarder(data, { args, env })
    await messagesFlow()
    expect(performance.now() - startedAt, `messages again after ${end}`).toBeLessThan(30_000)
    expect(await cityNow()).toBeGreaterThanOrEqual(before)
    expect(statSync(credentials).mtimeMs).toBe(introducedAt)
    expect((await items('/v1/devices?limit=500')).length).toBe(devices)
    await stockAgrees()
    expect(await items('/v1/dead-letters')).toEqual([])
  }
  expect(await larder.stop()).toBe(0)
})
