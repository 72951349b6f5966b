import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hourMs, minuteMs } from '../../domain/index.ts'
import {
  seeMovement,
  seeSale,
  seeShelf,
  viewCounts,
  wordsOf,
  type StockCounts,
} from './stock-counts.ts'

const start = Date.UTC(2026, 10, 2, 8)
const counted = (units: number): StockCounts =>
  seeMovement(seeShelf(null, units, start), { units, set: true, at: start })
const differenceOf = (counts: StockCounts): number | null => viewCounts(counts, null).difference

type Event =
  | { readonly what: 'basket'; readonly units: number; readonly rungAfter: number }
  | { readonly what: 'stolen'; readonly units: number }
  | { readonly what: 'moved'; readonly units: number }
  | { readonly what: 'delivery'; readonly units: number; readonly receipt: number | null }

const event = fc.oneof(
  fc.record({
    what: fc.constant('basket' as const),
    units: fc.integer({ min: 1, max: 2 }),
    rungAfter: fc.integer({ min: 0, max: 6 }),
  }),
  fc.record({ what: fc.constant('stolen' as const), units: fc.integer({ min: 1, max: 2 }) }),
  fc.record({ what: fc.constant('moved' as const), units: fc.integer({ min: 1, max: 2 }) }),
  fc.record({
    what: fc.constant('delivery' as const),
    units: fc.integer({ min: 3, max: 24 }),
    receipt: fc.option(fc.integer({ min: -4, max: 4 })),
  }),
)

/** What is told, in order: a shelf speaks at once, a till when its line is up, papers before or after the goods. */
function tell(events: readonly Event[]): readonly ((counts: StockCounts) => StockCounts)[] {
  const told: { readonly slot: number; readonly say: (counts: StockCounts) => StockCounts }[] = []
  let shelf = 1000
  for (const [i, one] of events.entries()) {
    const at = start + (i + 1) * 10 * minuteMs
    shelf += one.what === 'delivery' ? one.units : -one.units
    const units = shelf
    told.push({ slot: i, say: (counts) => seeShelf(counts, units, at) })
    if (one.what === 'basket')
      told.push({ slot: i + one.rungAfter, say: (counts) => seeSale(counts, one.units, at) })
    const papers =
      one.what === 'moved'
        ? -one.units
        : one.what === 'delivery' && one.receipt !== null
          ? one.units
          : 0
    const slot = one.what === 'delivery' ? i + (one.receipt ?? 0) : i
    if (papers !== 0)
      told.push({
        slot,
        say: (counts) => seeMovement(counts, { units: papers, set: false, at }),
      })
  }
  return told.sort((a, b) => a.slot - b.slot).map(({ say }) => say)
}

test('whatever comes with or without papers, before or after, the difference is what was stolen', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const stolen = events.reduce((sum, one) => sum + (one.what === 'stolen' ? one.units : 0), 0)
      const counts = tell(events).reduce((known, say) => say(known), counted(1000))
      expect(differenceOf(counts)).toBe(stolen === 0 ? 0 : -stolen)
    }),
    { numRuns: 300 },
  )
})

describe('a ledger', () => {
  test('begins with the first sale, at what the shelf shows', () => {
    const shelf = seeShelf(null, 9, start)
    expect(differenceOf(shelf)).toBeNull()
    const sold = seeSale(shelf, 1, start + 1)
    expect(viewCounts(sold, null)).toMatchObject({ shelfUnits: 9, ledgerUnits: 9, difference: 0 })
    expect(differenceOf(seeSale(sold, 2, start))).toBe(0)
    expect(differenceOf(seeSale(sold, 2, start + 2))).toBe(2)
  })

  test('is not moved by a hand: taken up and put back, or put down and taken away', () => {
    for (const step of [-8, 8]) {
      const hand = seeShelf(counted(20), 20 + step, start + minuteMs)
      expect(differenceOf(seeShelf(hand, 20, start + 2 * minuteMs))).toBe(0)
    }
  })

  test('is begun anew by a count', () => {
    const sold = seeSale(counted(20), 7, start + 1)
    expect(differenceOf(sold)).toBe(7)
    expect(differenceOf(seeMovement(sold, { units: 20, set: true, at: start + 2 }))).toBe(0)
  })
})

describe('a disagreement', () => {
  const missing = (at: number): StockCounts => seeShelf(counted(20), 12, at)

  test('is told of once it has lasted an hour, with both numbers', () => {
    const early = missing(start + minuteMs)
    expect(early).toMatchObject({ disagreesSince: start + minuteMs, isAlarmed: false })
    const late = seeShelf(early, 12, start + minuteMs + hourMs)
    expect(late).toMatchObject({ disagreesSince: start + minuteMs, isAlarmed: true })
    expect(wordsOf(late)).toContain('The shelf shows 12, tills and movements leave 20: 8 missing.')
  })

  test('ends with the sales that a till rings up late', () => {
    const late = seeShelf(missing(start + minuteMs), 12, start + 2 * hourMs)
    const rung = seeSale(late, 7, start + minuteMs)
    expect(rung).toMatchObject({ disagreesSince: null, isAlarmed: false })
    expect(wordsOf(rung)).toBe('Shelf and tills agree again.')
  })

  test('is none while it is what customers may hold', () => {
    const held = seeShelf(counted(20), 17, start + minuteMs)
    expect(seeShelf(held, 17, start + 5 * hourMs).disagreesSince).toBeNull()
  })
})
