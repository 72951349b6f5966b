import { expect, it } from 'vitest'
import { dayMs, type ModelScore, type RegisteredModel } from '../../domain/index.ts'
import type { OperationsStore } from './operations-store.ts'
import { start } from './samples.contract.ts'

const model = (version: string, changes: Partial<RegisteredModel> = {}): RegisteredModel => ({
  ...{ version, target: 'demand', label: 'proven', serving: false, trainedAt: start },
  ...{ historyFrom: start - 9, historyUntil: start, seed: 1, codeVersion: '1', scores: {} },
  ...{ state: 'standby', stateSince: start, reason: 'trained', servedUntil: null },
  ...changes,
})
const score = (changes: Partial<ModelScore> = {}): ModelScore => ({
  ...{ target: 'demand', model: 'v1', site: 's1', day: '2026-11-22', windows: 2, censored: 1 },
  ...{ amount: 7.5, mean: 8, absolute: 3, loss: 2.25, below10: 0, below50: 1, below90: 2 },
  ...changes,
})

/** Trained versions, which of them serves, how they did and do. */
export function modelsContract(store: () => OperationsStore): void {
  const stateOf = async (version: string): Promise<string | undefined> =>
    (await store().get('models', version))?.state

  it('of a target one version serves and one is in the shadow; whom they replace stands by and says so', async () => {
    await store().saveModel(model('v1', { state: 'serving' }), start)
    await store().saveModel(model('v2'), start)
    await store().saveModel(model('foot', { target: 'footfall', state: 'serving' }), start)
    await store().useModel('v2', { state: 'shadow', reason: 'looks good' }, start + 1)
    expect([await stateOf('v1'), await stateOf('v2')]).toEqual(['serving', 'shadow'])
    const next = await store().useModel('v2', { state: 'serving', reason: 'is better' }, start + 2)
    expect(next).toMatchObject({ state: 'serving', serving: true, stateSince: start + 2 })
    expect(await store().get('models', 'v2')).toEqual(next)
    expect(await store().get('models', 'v1')).toMatchObject({
      ...{ state: 'standby', serving: false, servedUntil: start + 2 },
      reason: 'Replaced by v2: is better',
    })
    expect(await stateOf('foot')).toBe('serving')
  })

  it('a roll back is one step to what served before, and another one takes it back', async () => {
    await expect(store().rollBackModel('demand', 'owner', start)).rejects.toMatchObject({
      code: 'RT_NOT_FOUND',
    })
    await store().saveModel(model('v1', { state: 'serving' }), start)
    await store().saveModel(model('v2', { state: 'serving' }), start + 1)
    await store().saveModel(model('v3', { state: 'serving' }), start + 2)
    const back = await store().rollBackModel('demand', 'owner', start + 3)
    expect(back).toMatchObject({ version: 'v2', serving: true })
    expect(back.reason).toBe('Rolled back by owner, in the place of v3.')
    expect((await store().rollBackModel('demand', 'owner', start + 4)).version).toBe('v3')
  })

  it('a version whose weights are gone cannot serve, and one that is not known is not found', async () => {
    await store().saveModel(model('v1', { state: 'retired', servedUntil: start }), start)
    const use = { state: 'serving', reason: 'please' } as const
    await expect(store().useModel('v1', use, start)).rejects.toMatchObject({
      code: 'RT_WRONG_STATE',
    })
    await expect(store().useModel('v9', use, start)).rejects.toMatchObject({ code: 'RT_NOT_FOUND' })
    await expect(store().rollBackModel('demand', 'x', start)).rejects.toMatchObject({
      code: 'RT_NOT_FOUND',
    })
  })

  it('each step is a change of the model', async () => {
    await store().saveModel(model('v1', { state: 'serving' }), start)
    const { newest } = await store().changes(0, 1)
    await store().saveModel(model('v2', { state: 'serving' }), start + 1)
    const { changes } = await store().changes(newest, 9)
    expect(changes.map(({ resource, id }) => `${resource} ${id}`).sort()).toEqual([
      'models v1',
      'models v2',
    ])
  })

  it('a report is kept by its version', async () => {
    expect(await store().modelReport('v1')).toBeNull()
    await store().saveModelReport('v1', { body: '{"windows":1}', words: 'one window' })
    expect(await store().modelReport('v1')).toEqual({ body: '{"windows":1}', words: 'one window' })
  })

  it('scores of one model, site and day are added, within a call and between calls', async () => {
    await store().addModelScores([score(), score(), score({ site: 's2' })])
    await store().addModelScores([score({ windows: 3, amount: 1 })])
    expect(await store().modelScores({ site: 's1' })).toEqual([
      score({
        ...{ windows: 7, censored: 3, amount: 16, mean: 24, absolute: 9, loss: 6.75 },
        ...{ below50: 3, below90: 6 },
      }),
    ])
    expect(await store().modelScores({ target: 'footfall' })).toEqual([])
    await store().addModelScores([score({ day: '2026-11-23' }), score({ day: '2026-11-20' })])
    const days = await store().modelScores({ from: '2026-11-22', to: '2026-11-22' })
    expect(days.map(({ site, day }) => `${site} ${day}`)).toEqual([
      's1 2026-11-22',
      's2 2026-11-22',
    ])
  })

  it('old scores and retired versions are dropped, what serves or stands by is not', async () => {
    const before = Date.UTC(2026, 10, 22, 12)
    await store().addModelScores([score({ day: '2026-11-19' }), score()])
    await store().saveModel(model('old', { state: 'retired', trainedAt: before - dayMs }), start)
    await store().saveModelReport('old', { body: '{}', words: '' })
    await store().saveModel(model('kept', { trainedAt: before - dayMs }), start)
    await store().prune({ before })
    expect((await store().modelScores({})).map(({ day }) => day)).toEqual(['2026-11-22'])
    expect(await stateOf('old')).toBeUndefined()
    expect(await store().modelReport('old')).toBeNull()
    expect(await stateOf('kept')).toBe('standby')
  })
}
