import { expect, test } from 'vitest'
import type { StageReport } from '../domain/index.ts'
import { createManualClock, silentLogger } from '../runtime/index.ts'
import { describeBusy, whileIngestKeepsUp, type MakeWayDeps } from './make-way.ts'

const idle = { load: () => 0, freeMegabytes: () => 4_000 }

function setUp(machine: MakeWayDeps['machine'] = idle) {
  const wall = createManualClock(1_000_000)
  const reports: (StageReport & { at: number })[] = []
  const report = (process: string, lagMs: number, at = wall.now()): void => {
    const condition = { ready: true, active: true, words: '', progress: null, lagMs }
    reports.push({ name: 'ingest', process, ...condition, at })
  }
  const operations = { stageReports: () => Promise.resolve(reports) }
  return { deps: { operations, machine, wall, logger: silentLogger }, wall, reports, report }
}

test('what a training in the background waits for is said; an ingest that fell silent says nothing', async () => {
  const { deps, wall, report } = setUp()
  report('a', 2_000)
  expect(await describeBusy(deps)).toBeNull()
  report('b', 12_300)
  expect(await describeBusy(deps)).toBe('ingest is 12 s behind.')
  await wall.advanceTo(wall.now() + 15_001)
  expect(await describeBusy(deps)).toBeNull()
  expect(await describeBusy(setUp({ ...idle, load: () => 3 }).deps)).toBe('the load is 3.0 a core.')
  const full = setUp({ ...idle, freeMegabytes: () => 20 })
  expect(await describeBusy(full.deps)).toBe('only 20 MB of memory are free.')
})

test('a training is stopped where ingest is behind at two looks in a row, and not before', async () => {
  const { deps, wall, reports, report } = setUp()
  const never = new AbortController().signal
  let isStopped = false
  const training = whileIngestKeepsUp(deps, never, (signal) => {
    signal.addEventListener('abort', () => (isStopped = true))
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error))
    })
  })
  const ended = expect(training).rejects.toMatchObject({
    ...{ code: 'RT_STOPPED', message: 'ingest is 9 s behind.' },
  })
  for (const lagMs of [9_000, 100, 9_000]) {
    reports.length = 0
    report('a', lagMs, wall.now() + 5_000)
    await wall.advanceTo(wall.now() + 5_000)
    await new Promise((done) => setImmediate(done))
    expect(isStopped).toBe(false)
  }
  await wall.advanceTo(wall.now() + 5_000)
  await ended
})
