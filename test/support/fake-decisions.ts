/** Transfers, slots and alarms of the fake city, as the API sends them. */
export function fakeDecisions(city: {
  readonly now: number
  readonly time: (at: number) => string
  readonly between: (low: number, high: number) => number
  readonly stores: readonly { readonly id: string; readonly name: string }[]
  readonly products: readonly { readonly id: string; readonly name: string }[]
}): Record<string, unknown[]> {
  const { now, time, between, stores, products } = city
  const minute = 60_000
  const transfer = (index: number, status: string) => {
    const from = index % 3 === 2 ? 'store-5' : `warehouse-${(index % 2) + 1}`
    const store = stores[index % stores.length]!
    const lines = [0, 1].slice(0, 1 + (index % 2)).map((i) => {
      const product = products[(index * 3 + i) % products.length]!
      const valueToReceiver = Math.round(between(3000, 9000))
      const lossToGiver = Math.round(between(0, 400))
      const tripCostShare = Math.round(1500 / (1 + (index % 2)))
      const unitCosts = Math.round(between(100, 600))
      const saves = valueToReceiver - lossToGiver - unitCosts - tripCostShare
      return {
        product: product.id,
        units: Math.round(between(4, 22)),
        dispatchedUnits: null,
        receivedUnits: status === 'received' ? 10 : null,
        saves,
        reason: {
          valueToReceiver,
          lossToGiver,
          unitCosts,
          tripCostShare,
          words: `${store.name} expects to sell more ${product.name} than it has before closing; the giver keeps enough for 9 days in 10.`,
        },
        forecast: null,
        quantilesUsed: [{ p: 0.9, value: 30 }],
      }
    })
    return {
      id: `t-${index}`,
      planId: 'plan-1',
      from,
      to: store.id,
      lane: `${from}-${store.id}`,
      tempClass: index % 3 === 0 ? 'chilled' : 'ambient',
      status,
      lines,
      saves: lines.reduce((sum, line) => sum + line.saves, 0),
      alternatives: [
        'from Warehouse east: 12.40 less, a longer trip',
        'do nothing: 6.2 units of sales lost',
      ],
      etaMinutesP50: 38,
      etaMinutesP90: 61,
      proposedAt: time(now - index * 7 * minute),
      expiresAt: time(now + 80 * minute),
      decidedAt: status === 'proposed' ? null : time(now - 5 * minute),
      decidedBy: status === 'proposed' ? null : 'auto',
      dispatchedAt: status === 'in_transit' ? time(now - 3 * minute) : null,
      shownEtaAt: status === 'in_transit' ? time(now + 53 * minute) : null,
      receivedAt: status === 'received' ? time(now - 2 * minute) : null,
    }
  }
  const states = [
    'proposed',
    'proposed',
    'proposed',
    'in_transit',
    'in_transit',
    'approved',
    'received',
    'rejected',
  ]
  const first = Math.floor(now / (15 * minute)) * 15 * minute
  const slots = stores.flatMap((store, s) =>
    Array.from({ length: 16 }, (_, i) => {
      const capacityMinutes = 40.5
      const walkInReserveMinutes = 8 + (s % 3)
      const usedMinutes = Math.round(between(0, 34) * Math.max(0.1, 1 - i / 14))
      const heldMinutes = Math.round(between(0, 3))
      const free = capacityMinutes - walkInReserveMinutes - usedMinutes - heldMinutes
      const startAt = first + i * 15 * minute
      return {
        id: `${store.id}.${startAt / minute}`,
        site: store.id,
        start: time(startAt),
        end: time(startAt + 15 * minute),
        lengthMinutes: 15,
        staff: 3,
        capacityMinutes,
        walkInReserveMinutes,
        carriedOverMinutes: 0,
        usedMinutes,
        heldMinutes,
        remainingBookable: Math.max(0, free),
        status: free > 10 ? 'free' : 'busy-tentative',
        mode: 'normal',
        reasons: [],
      }
    }),
  )
  const alarm = (
    kind: string,
    severity: string,
    site: string,
    device: string | null,
    words: string,
  ) => ({
    id: `${kind}.${site}.${device ?? '-'}.${now}`,
    kind,
    severity,
    site,
    device,
    product: null,
    raisedAt: time(now - 12 * minute),
    clearedAt: null,
    words,
  })
  return {
    transfers: states.map((status, index) => transfer(index, status)),
    slots,
    alarms: [
      alarm(
        'cold-breach',
        'critical',
        'store-3',
        'probe-chilled-1',
        'Chilled room at 9.6 °C, above 8 °C for 12 min: check the door, then the compressor.',
      ),
      alarm(
        'device-silent',
        'warning',
        'store-1',
        'shelf-012',
        'Nothing heard for 2 h: check its battery or its radio.',
      ),
      alarm(
        'stock-disagrees',
        'warning',
        'store-4',
        null,
        'The shelf says 3 of p04, the ledger 9: count them.',
      ),
      alarm(
        'device-clock',
        'info',
        'store-7',
        'shelf-031',
        'Its clock runs 14 min ahead; receive times are used.',
      ),
    ],
  }
}
