import type { CityContext } from './city-context.ts'

/** Puts on (positive) or takes off (negative) a shelf, and keeps since when it is empty. Never below nothing. */
export function changeShelf(
  context: CityContext,
  site: number,
  product: number,
  change: number,
  at: number,
  isPick: boolean,
): void {
  const { plan, state, emit } = context
  const shelf = state.sites[site]!
  const units = shelf.units[product]! + change
  shelf.units[product] = units
  if (units === 0 && change < 0) shelf.emptySince[product] = at
  else if (change > 0 && shelf.emptySince[product]! > 0) {
    closeEmpty(context, site, product, at)
    shelf.emptySince[product] = 0
  }
  emit?.({
    type: 'shelf',
    at,
    site: plan.sites[site]!.site.id,
    product: plan.entries[product]!.product.id,
    units,
    picked: isPick ? -change : 0,
  })
}

/** Books the time a product was empty up to `at`; called at every full hour too, so that it never spans two. */
export function closeEmpty(context: CityContext, site: number, product: number, at: number): void {
  const shelf = context.state.sites[site]!
  const minutes = Math.round((at - shelf.emptySince[product]!) / 60_000)
  if (minutes <= 0) return
  // A minute before the end lies in the hour that is being booked, at the full hour too.
  context.recorder?.empty(site, product, minutes, at - 1)
  shelf.emptyMinutesToday[product]! += minutes
}

export function closeEmptyHour(context: CityContext, at: number): void {
  for (const [site, { emptySince }] of context.state.sites.entries())
    for (const [product, since] of emptySince.entries()) {
      if (since === 0 || since >= at) continue
      closeEmpty(context, site, product, at)
      emptySince[product] = at
    }
}
