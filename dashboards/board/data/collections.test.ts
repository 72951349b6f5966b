import { describe, expect, it } from 'vitest'
import { applyChanges, emptyCollections, indexItems } from './collections.ts'

const forecast = (origin: string) => ({
  id: `demand.s.p.${origin}`,
  target: 'demand',
  site: 's',
  product: 'p',
  device: null,
  origin,
})

describe('the collections of the board', () => {
  it('a newer forecast takes the place of an older, and not the other way round', () => {
    const early = forecast('2026-11-14T10:00:00+08:00')
    const late = forecast('2026-11-14T11:00:00+08:00')
    expect([...indexItems('forecasts', [late, early]).values()]).toEqual([late])
    const after = applyChanges(emptyCollections, [
      { resource: 'forecasts', id: late.id, state: 'updated', item: late },
      { resource: 'forecasts', id: early.id, state: 'updated', item: early },
    ])
    expect([...after.forecasts.values()]).toEqual([late])
  })

  it('a deleted resource leaves, and one that is not shown changes nothing', () => {
    const alarm = { id: 'a1', site: 's' }
    const added = applyChanges(emptyCollections, [
      { resource: 'alarms', id: 'a1', state: 'updated', item: alarm },
      { resource: 'dead-letters', id: 'x', state: 'updated', item: {} },
    ])
    expect([...added.alarms.keys()]).toEqual(['a1'])
    expect(added.stock).toBe(emptyCollections.stock)
    const removed = applyChanges(added, [{ resource: 'alarms', id: 'a1', state: 'deleted' }])
    expect(removed.alarms.size).toBe(0)
  })
})
