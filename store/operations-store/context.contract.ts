import { expect, it } from 'vitest'
import { dayMs, hourMs, minuteMs, readContextIssue, type ContextIssue } from '../../domain/index.ts'
import type { OperationsStore } from './operations-store.ts'
import { batch, start } from './samples.contract.ts'

const hour = (h: number): number => start + h * hourMs

function issue(more: Readonly<Record<string, unknown>> = {}, receivedAt = hour(100)): ContextIssue {
  return readContextIssue(
    {
      ...{ signal: 'weather-temperature', site: 's1', start: hour(10), values: [1, 2, 3] },
      ...{ issuedAt: hour(1), ...more },
    },
    receivedAt,
  )
}

/** What is known from outside. */
export function contextContract(open: () => OperationsStore): void {
  const current = async (): Promise<readonly string[]> =>
    (await open().list('context', { status: 'current', limit: 99 })).items.map(({ id }) => id)

  it('a newer issue replaces an older one for the same hours, whichever comes first', async () => {
    const [old, newer] = [issue(), issue({ issuedAt: hour(2), values: [4, 5, 6] })]
    const other = issue({ site: 's2' })
    await open().saveContext([newer])
    await open().saveContext([old, other])
    expect([...(await current())].sort()).toEqual([newer.id, other.id].sort())
    expect(await open().get('context', old.id)).toEqual({ ...old, status: 'replaced' })
    const read = await open().readContext({ from: hour(12), to: hour(13) })
    expect(read.map(({ id }) => id)).toEqual([old.id, other.id, newer.id])
    expect(await open().readContext({ from: hour(13), to: hour(20) })).toEqual([])
    expect(await open().readContext({ from: hour(0), to: hour(10) })).toEqual([])
  })

  it('an issue that says more than a newer one stays current', async () => {
    const [long, short] = [issue({ values: [1, 2, 3, 4] }), issue({ issuedAt: hour(2) })]
    await open().saveContext([long, short])
    expect(await current()).toHaveLength(2)
  })

  it('what is measured replaces no forecast', async () => {
    await open().saveContext([issue(), issue({ basis: 'measured', issuedAt: hour(14) })])
    expect(await current()).toHaveLength(2)
  })

  it('of the issues that one full hour sees first only the newest is kept', async () => {
    const at = (minute: number): ContextIssue => issue({ issuedAt: hour(1) + minute * minuteMs })
    await open().saveContext([at(50), at(0), at(10), at(20)])
    await open().saveContext([at(30)])
    const read = await open().readContext({ from: hour(10), to: hour(11) })
    expect(read.map(({ issuedAt }) => (issuedAt - hour(1)) / minuteMs)).toEqual([0, 50])
  })

  it('an issue said again changes nothing, however much later it comes', async () => {
    await open().saveContext([issue()])
    const { newest } = await open().changes(0, 1)
    await open().saveContext([issue({}, hour(200))])
    expect((await open().changes(0, 1)).newest).toBe(newest)
    expect(await open().get('context', issue().id)).toEqual(issue())
  })

  it('a withdrawal is a newer issue that says nothing of the same hours', async () => {
    await open().saveContext([issue()])
    const withdrawn = await open().withdrawContext(issue().id, hour(5))
    expect(withdrawn).toMatchObject({ values: [], issuedAt: hour(5), startAt: hour(10) })
    expect(await current()).toEqual([withdrawn.id])
    await expect(open().withdrawContext('nobody', hour(5))).rejects.toMatchObject({
      code: 'RT_NOT_FOUND',
    })
  })

  it('comes with a batch of the log, is filtered, told of in the outbox and pruned', async () => {
    const promotion = issue({ signal: 'discount', product: 'p1', values: [0.8, 0.8] })
    await open().applyBatch(batch(1, { context: [promotion, issue({ site: undefined })] }))
    const { items } = await open().list('context', { site: 's1', type: 'discount', limit: 9 })
    expect(items).toEqual([promotion])
    expect(await open().list('context', { product: 'p2', limit: 9 })).toMatchObject({ items: [] })
    const { changes } = await open().changes(0, 9)
    expect(changes.filter(({ id }) => id === promotion.id)).toMatchObject([
      { resource: 'context', at: hour(100) },
    ])
    await open().prune({ before: hour(13) + 35 * dayMs })
    expect((await open().list('context', { limit: 9 })).items.map(({ site }) => site)).toEqual([
      null,
    ])
  })
}
