import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { silentLogger, wallClock } from '../../runtime/index.ts'
import { startPostgres, type PostgresServer } from '../../scripts/servers/postgres.ts'
import { takeTurns, type Leadership } from './leader-lock.ts'

const folder = mkdtempSync(join(tmpdir(), 'larder-turns-'))
const patient = { timeout: 20_000, interval: 20 }
let postgres: PostgresServer
let url: string
const joined: Leadership[] = []
beforeAll(async () => {
  chmodSync(folder, 0o755)
  postgres = await startPostgres(folder)
  url = await postgres.database('turns')
})
afterEach(async () => {
  await Promise.all(joined.splice(0).map((one) => one.stop()))
})
afterAll(async () => {
  await postgres.stop()
  rmSync(folder, { recursive: true })
})

/** Keeps how many lead at a time, and how many ever did at once. */
function crowd() {
  let now = 0
  const seen = { atOnce: 0, turns: 0, failures: [] as unknown[] }
  const join = (work: 'models' | 'planner' = 'planner'): Leadership => {
    const one = takeTurns({
      ...{ url, work, wall: wallClock, logger: silentLogger },
      async lead(signal) {
        now++
        seen.turns++
        seen.atOnce = Math.max(seen.atOnce, now)
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
        now--
      },
      onFailed: (error) => seen.failures.push(error),
    })
    joined.push(one)
    return one
  }
  return { seen, join, leading: () => now }
}

test('one leads at a time; the next takes over when it stops, or when its connection is cut', async () => {
  const { seen, join, leading } = crowd()
  const all = [join(), join(), join()]
  await vi.waitFor(() => expect(leading()).toBe(1), patient)
  const first = all.find((one) => one.isLeading())!
  expect(all.filter((one) => one.isLeading())).toHaveLength(1)
  await vi.waitFor(() => {
    for (const one of all) if (one !== first) expect(one.words()).toContain('Another process')
  }, patient)
  await first.stop()
  await vi.waitFor(() => expect(all.filter((one) => one.isLeading())).toHaveLength(1), patient)
  expect(first.isLeading()).toBe(false)

  const holder = new Client(url)
  await holder.connect()
  await holder.query(
    `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted`,
  )
  await holder.end()
  await vi.waitFor(() => {
    expect(seen.turns).toBeGreaterThanOrEqual(3)
    expect(leading()).toBe(1)
  }, patient)
  await Promise.all(all.map((one) => one.stop()))
  expect([seen.atOnce, leading()]).toEqual([1, 0])
  expect(seen.failures).toEqual([])
})

test('the models and the planner have turns of their own', async () => {
  const { join, leading } = crowd()
  join('models')
  join('planner')
  await vi.waitFor(() => expect(leading()).toBe(2), patient)
})

test('while PostgreSQL is away nobody leads, and one does again when it is back', async () => {
  const { seen, join, leading } = crowd()
  const both = [join(), join()]
  await vi.waitFor(() => expect(leading()).toBe(1), patient)
  await postgres.kill()
  await vi.waitFor(() => expect(leading()).toBe(0), patient)
  await vi.waitFor(
    () => expect(both.some((one) => one.words().includes('does not answer'))).toBe(true),
    patient,
  )
  await postgres.start()
  await vi.waitFor(() => expect(leading()).toBe(1), patient)
  expect(seen.atOnce).toBe(1)
})
