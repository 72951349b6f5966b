import { describe, expect, it } from 'vitest'
import { addReadings, emptyFeed, selectRows } from './feed.ts'
import type { ReadingView } from './wire.ts'

function reading(device: string, value: number, quality: ReadingView['quality'] = 'good') {
  const at = '2026-11-14T10:00:00+08:00'
  return {
    ...{ site: 's', device, channel: 'units', gtin: null, at, receivedAt: at },
    ...{ value, seq: 1, boot: 'b', index: 0, quality },
  } satisfies ReadingView
}
const series = (feed: ReturnType<typeof emptyFeed>, filter = '') =>
  selectRows(feed, filter, 10).map((row) => row.series)

describe('the feed of live readings', () => {
  it('keeps the newest reading of each series, newest first', () => {
    let feed = addReadings(emptyFeed(0), [reading('a', 1), reading('b', 2)], 1_000)
    feed = addReadings(feed, [reading('a', 3)], 2_000)
    expect(selectRows(feed, '', 10).map((row) => [row.series, row.reading.value])).toEqual([
      ['s/a/units', 3],
      ['s/b/units', 2],
    ])
  })

  it('a device that was quiet before stays above those that always speak', () => {
    let feed = addReadings(emptyFeed(0), [reading('busy', 1)], 1_000)
    feed = addReadings(feed, [reading('mine', 42)], 30_000)
    for (let at = 31_000; at < 60_000; at += 1_000) {
      feed = addReadings(feed, [reading('busy', at)], at)
    }
    expect(series(feed)[0]).toBe('s/mine/units')
    expect(series(addReadings(feed, [reading('busy', 1)], 200_000))[0]).toBe('s/busy/units')
  })

  it('an unregistered device is pinned from its first word', () => {
    const feed = addReadings(
      emptyFeed(0),
      [reading('new', 1, 'unregistered'), reading('a', 1)],
      1_000,
    )
    expect(series(feed)[0]).toBe('s/new/units')
  })

  it('a filter wants every one of its words', () => {
    const feed = addReadings(emptyFeed(0), [reading('shelf-001', 1), reading('door-1', 1)], 1_000)
    expect(series(feed, 'SHELF s/')).toEqual(['s/shelf-001/units'])
    expect(series(feed, 'shelf door')).toEqual([])
  })

  it('leaves out history that is being imported', () => {
    const items = [reading('derived', 1, 'imported'), reading('a', 1)]
    expect(series(addReadings(emptyFeed(0), items, 1_000))).toEqual(['s/a/units'])
  })

  it('is bounded', () => {
    let feed = emptyFeed(0)
    for (let i = 0; i < 900; i++) feed = addReadings(feed, [reading(`d${i}`, i)], 1_000 + i)
    expect(feed.rows.length).toBeLessThanOrEqual(800)
  })
})
