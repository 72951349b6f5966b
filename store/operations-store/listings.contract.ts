import { expect, it } from 'vitest'
import {
  hourMs,
  type Forecast,
  type RegisteredModel,
  type ReleaseTask,
} from '../../domain/index.ts'
import { noEffects } from './no-effects.ts'
import type { OperationsStore, ResourceFilter, Resources } from './operations-store.ts'
import {
  alarm,
  batch,
  deadLetter,
  forecast,
  movement,
  product,
  sale,
  shelf,
  site,
  slot,
  start,
  stockOf,
  transfer,
} from './samples.contract.ts'

const model = (version: string, more: Partial<RegisteredModel> = {}): RegisteredModel => ({
  ...{ version, target: 'demand', label: 'candidate', serving: true, trainedAt: start },
  ...{ historyFrom: 0, historyUntil: start, seed: 1, codeVersion: '1', scores: { own: 0.5 } },
  ...{ state: 'serving', stateSince: start, reason: 'the first', servedUntil: null },
  ...more,
})

const task = (id: string, more: Partial<ReleaseTask> = {}): ReleaseTask => ({
  ...{ id, booking: 'b1', site: 's1', product: 'p1', units: 1, pickUpAt: start },
  ...{ releaseNotBefore: start - 10, releaseNotAfter: start - 5, limitCelsius: 8 },
  ...{ predictedSurfaceCelsius: 6, predictedSurfaceCelsiusP90: 7, model: 'slab', biot: 0.5 },
  ...{ binding: 'limit', feasible: true, ambientProbe: null, words: 'w', status: 'planned' },
  ...more,
})

export function listingsContract(open: () => OperationsStore) {
  const ids = async (
    kind: keyof Resources,
    filter: Partial<ResourceFilter> = {},
  ): Promise<readonly string[]> =>
    (await open().list(kind, { limit: 100, ...filter })).items.map(
      (item) => (item as { id: string }).id,
    )

  it('a forecast comes back as it was saved, and made again replaces itself', async () => {
    const store = open()
    const first = forecast(start)
    await store.saveForecasts([first])
    expect(await store.get('forecasts', first.id)).toEqual(first)
    const again = { ...first, graced: true, issuedAt: start + 9, total: first.hours[3]! }
    await store.saveForecasts([again])
    expect(await store.get('forecasts', first.id)).toEqual(again)
    expect(await ids('forecasts')).toEqual([first.id])
  })

  it('forecasts of one site or series are never those of another with a name alike', async () => {
    const store = open()
    const sites = ['s1', 's1-a', 's10', 's']
    const ofSites = sites.flatMap((site) => [
      forecast(start, { site }),
      forecast(start + hourMs, { site }),
      forecast(start + hourMs, { site, product: 'p10' }),
      forecast(start + hourMs, { site, target: 'footfall', product: null }),
    ])
    await store.saveForecasts(ofSites)
    const found = async (filter: Omit<ResourceFilter, 'limit'>): Promise<string[]> =>
      [...(await ids('forecasts', filter))].sort()
    const expected = (fits: (one: Forecast) => boolean): string[] =>
      ofSites
        .filter(fits)
        .map(({ id }) => id)
        .sort()
    for (const site of sites) {
      expect(await found({ site, product: 'p1' })).toEqual(
        expected((one) => one.site === site && one.product === 'p1'),
      )
      expect(await found({ site, product: 'p1', latest: true, type: 'demand' })).toEqual(
        expected((one) => one.site === site && one.product === 'p1' && one.origin > start),
      )
      expect(await found({ site, latest: true })).toEqual(
        expected((one) => one.site === site && one.origin > start),
      )
      expect(await found({ site, latest: true, type: 'footfall' })).toHaveLength(1)
    }
  })

  it('the latest forecasts are those of the newest origin of each series', async () => {
    const store = open()
    await store.saveForecasts([forecast(start + hourMs), forecast(start, { product: 'p2' })])
    await store.saveForecasts([forecast(start)])
    await store.saveForecasts([forecast(start, { target: 'footfall', product: null })])
    const latest = await ids('forecasts', { latest: true })
    expect([...latest].sort()).toEqual(
      [
        forecast(start + hourMs).id,
        forecast(start, { product: 'p2' }).id,
        forecast(start, { target: 'footfall', product: null }).id,
      ].sort(),
    )
    expect(await ids('forecasts', { latest: true, type: 'footfall' })).toHaveLength(1)
    expect(await ids('forecasts', { product: 'p1' })).toEqual([
      ...[forecast(start + hourMs).id, forecast(start).id],
    ])
    expect(await ids('forecasts', { product: 'p1', from: start, to: start + hourMs })).toEqual([
      forecast(start).id,
    ])
  })

  it('one version of a model serves each target', async () => {
    const store = open()
    await store.saveModel(model('v1'), start)
    await store.saveModel(model('foot', { target: 'footfall' }), start)
    await store.saveModel(model('v2', { trainedAt: start + 1 }), start + 1)
    const { items } = await store.list('models', { type: 'demand', limit: 9 })
    expect(items.map(({ version, serving }) => [version, serving])).toEqual([
      ['v2', true],
      ['v1', false],
    ])
    expect(await store.get('models', 'foot')).toEqual(model('foot', { target: 'footfall' }))
  })

  it('an alarm is open once per subject until it clears', async () => {
    const store = open()
    await store.raiseAlarms([alarm(true, start), alarm(true, start + 1)])
    await store.raiseAlarms([alarm(true, start, { device: 'd2', severity: 'critical' })])
    expect(await ids('alarms', { status: 'open' })).toHaveLength(2)
    expect(await store.get('alarms', `device-silent.s1.d1.${start}`)).toEqual({
      id: `device-silent.s1.d1.${start}`,
      ...{ kind: 'device-silent', severity: 'warning', site: 's1', device: 'd1', product: null },
      ...{ raisedAt: start, clearedAt: null, words: 'It is silent.' },
    })
    await store.raiseAlarms([alarm(false, start + 5), alarm(false, start + 6)])
    expect(await ids('alarms', { status: 'open' })).toEqual([`device-silent.s1.d2.${start}`])
    expect(await store.get('alarms', `device-silent.s1.d1.${start}`)).toMatchObject({
      clearedAt: start + 5,
    })
    await store.raiseAlarms([alarm(true, start + 9)])
    expect(await ids('alarms', { device: 'd1', type: 'device-silent' })).toEqual([
      ...[`device-silent.s1.d1.${start + 9}`, `device-silent.s1.d1.${start}`],
    ])
  })

  it('an alarm already open is told of again only where its words change', async () => {
    const store = open()
    await store.raiseAlarms([alarm(true, start)])
    await store.raiseAlarms([alarm(true, start + 1)])
    await store.raiseAlarms([alarm(true, start + 2, { words: 'Still silent.' })])
    expect((await store.changes(0, 9)).changes.map(({ at }) => at)).toEqual([start, start + 2])
  })

  it('a dead letter keeps its bytes, and is one however often it is read', async () => {
    const store = open()
    const letters = [deadLetter(1), deadLetter(2, { reason: 'too-deep' })]
    await store.applyBatch(batch(2, { deadLetters: letters }))
    await store.applyBatch(batch(3, { deadLetters: [deadLetter(1, { reason: 'bad-seq' })] }))
    expect(await store.get('dead-letters', '0.1')).toEqual(deadLetter(1, { reason: 'bad-seq' }))
    expect(await ids('dead-letters', { type: 'too-deep' })).toEqual(['0.2'])
    expect(await store.replayDeadLetter('0.2', start + 50, noEffects)).toBe(true)
    expect(await store.get('dead-letters', '0.2')).toMatchObject({ replayedAt: start + 50 })
    expect(await ids('dead-letters', { status: 'open' })).toEqual(['0.1'])
  })

  it('a dead letter that can be read says once what it says, and one that cannot says why', async () => {
    const store = open()
    const letters = [deadLetter(1), deadLetter(2), deadLetter(3, { reason: 'too-deep' })]
    await store.applyBatch(batch(3, { deadLetters: letters }))
    const effects = { ...noEffects, stock: [sale(-3, start, 'r1')] }
    expect(await store.replayDeadLetter('0.1', start, effects)).toBe(true)
    expect(
      await store.replayDeadLetter('0.1', start, { ...effects, stock: [shelf(9, start)] }),
    ).toBe(false)
    expect(await stockOf(store)).toMatchObject({ onHand: 3 })
    await store.explainDeadLetter('0.2', { reason: 'bad-seq', words: 'Still.' })
    expect(await store.get('dead-letters', '0.2')).toMatchObject({ reason: 'bad-seq' })
    expect(await store.countDeadLetters()).toEqual([
      { reason: 'bad-seq', open: 1, replayed: 0 },
      { reason: 'too-deep', open: 1, replayed: 0 },
      { reason: letters[0]!.reason, open: 0, replayed: 1 },
    ])
  })

  it('a release task is replaced by its newer state', async () => {
    const store = open()
    await store.saveReleaseTasks([task('b1.p1'), task('b2.p1', { pickUpAt: start - 5 })], start)
    await store.saveReleaseTasks([task('b1.p1', { status: 'released' })], start)
    expect(await store.get('release-tasks', 'b1.p1')).toMatchObject({ status: 'released' })
    expect(await ids('release-tasks')).toEqual(['b2.p1', 'b1.p1'])
    expect(await ids('release-tasks', { status: 'planned' })).toEqual(['b2.p1'])
  })

  it('pages follow each other without gap or repeat, though rows come in between', async () => {
    const store = open()
    const old = Array.from({ length: 7 }, (_, index) =>
      transfer(`t${index}`, { to: `to${index}`, proposedAt: start + (index % 3) }),
    )
    await store.proposeTransfers(old, start)
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await store.list('transfers', { limit: 2, cursor })
      seen.push(...page.items.map(({ id }) => id))
      cursor = page.next ?? undefined
      await store.proposeTransfers(
        [transfer(`new${seen.length}`, { to: `x${seen.length}`, proposedAt: start + 99 })],
        start,
      )
    } while (cursor !== undefined)
    expect(seen).toEqual(['t5', 't2', 't4', 't1', 't6', 't3', 't0'])
  })

  it('a cursor that is none of this list is refused', async () => {
    const store = open()
    await store.putMasterData('sites', ['a', 'b'].map(site), start)
    const { next } = await store.list('sites', { limit: 1 })
    for (const cursor of ['', 'nonsense', 'bnVsbA']) {
      await expect(store.list('sites', { limit: 1, cursor })).rejects.toMatchObject({
        code: 'RT_REQUEST_INVALID',
      })
    }
    await expect(store.list('slots', { limit: 1, cursor: next! })).rejects.toMatchObject({
      code: 'RT_REQUEST_INVALID',
    })
  })

  it('filters leave out what they name otherwise, and mean nothing where there is no such field', async () => {
    const store = open()
    await store.putMasterData('sites', ['s1', 's2'].map(site), start)
    await store.putMasterData('products', ['p1', 'p2'].map(product), start)
    const lane = {
      ...{ minutesP50: 20, minutesP90: 40, unitCost: 1, tripCost: 5, capacityUnits: 9 },
      tempClasses: ['chilled' as const],
    }
    await store.putMasterData(
      'lanes',
      [
        { ...lane, id: 'a', from: 's1', to: 's2' },
        { ...lane, id: 'b', from: 's2', to: 's2' },
      ],
      start,
    )
    expect(await ids('sites', { site: 's1' })).toEqual(['s1', 's2'])
    expect(await ids('lanes', { site: 's1' })).toEqual(['a'])
    expect(await ids('lanes', { site: 's2' })).toEqual(['a', 'b'])
    await store.proposeTransfers([transfer('t1'), transfer('t2', { from: 's3' })], start)
    expect(await ids('transfers', { site: 's2' })).toEqual(['t2', 't1'])
    expect(await ids('transfers', { site: 's1', status: 'proposed' })).toEqual(['t1'])
    await store.saveSlots([slot(1), slot(0)], start)
    expect(await ids('slots', { from: slot(0).startAt, to: slot(1).startAt })).toEqual([slot(0).id])
    await store.moveStock([movement('a', 1), movement('b', 1, { site: 's2', product: 'p2' })])
    const { items } = await store.list('stock', { product: 'p2', limit: 9 })
    expect(items).toMatchObject([{ site: 's2', product: 'p2' }])
  })
}
