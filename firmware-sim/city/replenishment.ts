import { fromQuantiles, normal, uniform } from './chance.ts'
import type { Load, Wanted } from './city-state.ts'
import type { CityContext } from './city-context.ts'
import { changeShelf } from './shelves.ts'

/** Midnight: what a day was like is learnt, and the next day's demand drifts on (AR(1), spread 0.2 by product, 0.1 by store). */
export function closeDay(context: CityContext): void {
  const { plan, state } = context
  const random = state.chance.drift
  for (const [place, site] of state.sites.entries()) {
    if (plan.sites[place]!.suppliedBy < 0) continue
    site.visitDrift = 0.9 * site.visitDrift + 0.045 * normal(random)
    for (const product of plan.entries.keys()) {
      site.drift[product] = 0.9 * site.drift[product]! + 0.09 * normal(random)
      // A shop knows that an empty shelf sells nothing, but not how many came for it: it corrects by the hours, up to double.
      const openShare = 1 - Math.min(0.5, site.emptyMinutesToday[product]! / (16 * 60))
      const sold = site.soldToday[product]! / openShare
      site.estimate[product] = 0.75 * site.estimate[product]! + 0.25 * sold
      site.soldToday[product] = 0
      site.emptyMinutesToday[product] = 0
    }
  }
}

/** 03:00: the suppliers fill the warehouses for the morning runs and about a third of a day more. */
export function supplyWarehouses(context: CityContext, at: number): void {
  const { plan, state } = context
  for (const [place, site] of plan.sites.entries()) {
    if (site.suppliedBy >= 0) continue
    for (const [product, { casePack }] of plan.entries.entries()) {
      const daily = plan.sites.reduce(
        (sum, other, index) =>
          sum + (other.suppliedBy === place ? state.sites[index]!.estimate[product]! : 0),
        0,
      )
      const target = daily * uniform(state.chance.trucks, 1.2, 1.5)
      const missing = target - state.sites[place]!.units[product]!
      if (missing <= 0) continue
      const units = Math.ceil(missing / casePack) * casePack
      state.totals.supplied += units
      changeShelf(context, place, product, units, at, false)
    }
  }
}

/** 05:00: each store gets what it believes the day will sell, with the lasting errors of its orders, in whole cases. */
export function sendMorningRuns(context: CityContext, at: number): void {
  const { plan, state } = context
  for (const [to, site] of plan.sites.entries()) {
    const from = site.suppliedBy
    if (from < 0) continue
    const lines: Wanted[] = []
    for (const [product, { casePack }] of plan.entries.entries()) {
      const target = state.sites[to]!.estimate[product]! * site.orderBias[product]!
      const missing = target - state.sites[to]!.units[product]!
      const wanted = Math.max(0, Math.round(missing / casePack)) * casePack
      const units = Math.min(wanted, state.sites[from]!.units[product]!)
      if (units === 0) continue
      changeShelf(context, from, product, -units, at, false)
      lines.push([product, units])
    }
    if (lines.length > 0) sendLoad(context, `run-${state.loadNumber++}`, from, to, lines, at, true)
  }
}

/** A truck leaves; it arrives after a random time of its lane. */
export function sendLoad(
  context: CityContext,
  id: string,
  from: number,
  to: number,
  lines: readonly Wanted[],
  at: number,
  isOwn: boolean,
): Load {
  const { plan, state, emit } = context
  const [start, end] = [plan.sites[from]!.site.id, plan.sites[to]!.site.id]
  const lane = plan.master.lanes.find((one) => one.from === start && one.to === end)
  const minutes = fromQuantiles(state.chance.trucks, lane?.minutesP50 ?? 30, lane?.minutesP90 ?? 45)
  const load: Load = { from, to, lines, arrivesAt: at + Math.round(minutes * 60_000), isOwn }
  state.loads[id] = load
  state.queue.push(load.arrivesAt, { what: 'truck', load: id })
  emit?.({ type: 'truck', at, what: 'left', load: id, from: start, to: end })
  return load
}

export function unload(
  context: CityContext,
  id: string,
  load: Load,
  place: number,
  at: number,
): void {
  Reflect.deleteProperty(context.state.loads, id)
  for (const [product, units] of load.lines) changeShelf(context, place, product, units, at, false)
}
