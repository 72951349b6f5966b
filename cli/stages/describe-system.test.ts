import { expect, test } from 'vitest'
import type { StageReport } from '../../domain/index.ts'
import { describeSystem } from './describe-system.ts'

const now = 1_000_000
const anchor = { wallAt: 0, cityAt: 0, speed: 1 }
const api = [{ name: 'api', ready: true, words: 'answers' }]
const heard = (name: string, more: Partial<StageReport & { at: number }> = {}) => ({
  ...{ name, process: `${name}:1`, ready: true, active: true, words: 'well', progress: null },
  at: now - 1_000,
  ...more,
})
const all = ['gateway', 'ingest', 'models', 'planner'].map((name) => heard(name))
const statusOf = (reports: readonly ReturnType<typeof heard>[], name: string) =>
  describeSystem(reports, { anchor, now, api }).stages.find((stage) => stage.name === name)

test('the whole is ready when each stage has a process that is', () => {
  expect(describeSystem(all, { anchor, now, api }).ready).toBe(true)
  expect(describeSystem(all.slice(1), { anchor, now, api }).ready).toBe(false)
  expect(statusOf(all.slice(1), 'gateway')?.words).toContain('larder gateway')
})

test('a process that fell silent is a problem, and no reason to call its stage away while another works', () => {
  const silent = heard('ingest', { process: 'ingest:2', at: now - 40_000 })
  const status = statusOf([...all, silent], 'ingest')
  expect(status?.ready).toBe(true)
  expect(status?.problems).toEqual([expect.stringMatching(/ingest:2.*40 s ago/)])
  expect(statusOf([...all.filter(({ name }) => name !== 'ingest'), silent], 'ingest')?.ready).toBe(
    false,
  )
})

test('where nobody leads, nothing is decided, although processes wait', () => {
  const waiting = heard('planner', { active: false, words: 'waits' })
  const others = all.filter(({ name }) => name !== 'planner')
  expect(statusOf([...others, waiting], 'planner')?.ready).toBe(false)
  expect(statusOf([...all, { ...waiting, process: 'planner:2' }], 'planner')).toMatchObject({
    ready: true,
    words: 'well; 1 beside',
  })
})

test('lag is that of the slowest reader, readings are those of all, messages those of the one log', () => {
  const status = describeSystem(
    [
      ...all,
      heard('ingest', { process: 'ingest:2', lagMs: 70, readings: 5, messages: 9 }),
      heard('ingest', { process: 'ingest:3', lagMs: 20, readings: 6, messages: 9 }),
    ],
    { anchor, now, api },
  )
  expect(status).toMatchObject({ ingestLagMs: 70, readingsStored: 11, messagesKept: 9 })
})

test('a server that is down makes the API not ready, in its words', () => {
  const down = [...api, { name: 'PostgreSQL', ready: false, words: 'PostgreSQL does not answer.' }]
  const { stages, ready } = describeSystem(all, { anchor, now, api: down })
  expect(ready).toBe(false)
  expect(stages.find(({ name }) => name === 'api')?.words).toContain('PostgreSQL')
})
