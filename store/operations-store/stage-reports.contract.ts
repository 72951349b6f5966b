import { expect, it } from 'vitest'
import { minuteMs, type StageReport } from '../../domain/index.ts'
import type { OperationsStore } from './operations-store.ts'

const report: StageReport = {
  ...{ name: 'ingest', process: 'a:1', ready: true, active: true, words: 'up to date' },
  ...{ progress: null, lagMs: 40, messages: 7 },
}

/** What processes say of themselves. */
export function stageReportsContract(store: () => OperationsStore): void {
  it('the newest word of each process is what is read, until it leaves', async () => {
    await store().reportStage(report, 1_000)
    await store().reportStage({ ...report, process: 'b:2' }, 1_500)
    await store().reportStage({ ...report, words: 'behind' }, 2_000)
    expect(await store().stageReports()).toEqual([
      { ...report, words: 'behind', at: 2_000 },
      { ...report, process: 'b:2', at: 1_500 },
    ])
    await store().withdrawStage('a:1')
    expect((await store().stageReports()).map(({ process }) => process)).toEqual(['b:2'])
  })

  it('a process that was not heard of for ten minutes is forgotten', async () => {
    await store().reportStage(report, 1_000)
    await store().reportStage({ ...report, process: 'b:2' }, 1_001 + 10 * minuteMs)
    expect((await store().stageReports()).map(({ process }) => process)).toEqual(['b:2'])
  })

  it('what processes say is no change of the city', async () => {
    const before = (await store().changes(0, 1)).newest
    await store().reportStage(report, 1_000)
    expect((await store().changes(0, 1)).newest).toBe(before)
  })
}
