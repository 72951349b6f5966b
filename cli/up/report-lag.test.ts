import { expect, test } from 'vitest'
import type { StageReport } from '../../domain/index.ts'
import { until } from '../../test/support/until.ts'
import { reportLag } from './report-lag.ts'

test('it is said while ingest is behind, taken back when it has caught up, and else nothing is written', async () => {
  const told = new Map<string, StageReport>()
  let [lagMs, asked, writes] = [400, 0, 0]
  const reports = reportLag({
    operations: {
      reportStage: (report) => Promise.resolve(void (writes++, told.set(report.process, report))),
      withdrawStage: (process) => Promise.resolve(void (writes++, told.delete(process))),
    },
    lagMs: () => Promise.resolve((asked++, lagMs)),
    ...{ now: () => 0, everyMs: 1, onError: () => undefined },
  })
  await until(() => asked > 3)
  expect(writes).toBe(0)
  lagMs = 12_300
  await until(() => told.size === 1)
  expect([...told.values()]).toMatchObject([
    { name: 'ingest', ready: true, lagMs: 12_300, words: '12 s behind' },
  ])
  lagMs = 400
  await until(() => told.size === 0)
  lagMs = 12_300
  await until(() => told.size === 1)
  await reports.stop()
  expect(told.size).toBe(0)
})
