import { poisson } from './chance.ts'
import type { CityContext } from './city-context.ts'
import type { Coming, Wanted } from './city-state.ts'
import { hourlyDemand, type HourlyDemand, type LocalMoment } from './demand.ts'
import { changeShelf } from './shelves.ts'

type Visit = Extract<Coming, { what: 'visit' }>

export function demandOfHour(context: CityContext, moment: LocalMoment): readonly HourlyDemand[] {
  const { plan, seed, state } = context
  return plan.sites.map((_, site) =>
    hourlyDemand(plan, seed, site, state.sites[site]!, moment, state.weather),
  )
}

/** Plans the arrivals of the coming minute. */
export function letPeopleArrive(
  context: CityContext,
  at: number,
  demand: readonly HourlyDemand[],
): void {
  const { plan, state } = context
  const random = state.chance.visits
  for (const [site, { visits, chances }] of demand.entries()) {
    const doors = plan.sites[site]!.layout.doors
    if (doors === 0) continue
    for (let left = poisson(random, visits / 60); left > 0; left--) {
      const arrivesAt = at + Math.floor(random.next() * 60_000)
      const door = Math.floor(random.next() * doors)
      // Some shop for one thing and some for the week: the mean over the three is 1.
      const mood = random.next()
      const appetite = mood < 0.4 ? 0.5 : mood < 0.8 ? 1 : 2
      const wants: Wanted[] = []
      for (let product = 0; product < chances.length; product++) {
        if (random.next() >= chances[product]! * appetite) continue
        let units = 1
        while (units < 6 && random.next() < 0.25) units++
        wants.push([product, units])
      }
      state.queue.push(arrivesAt, { what: 'visit', site, door, step: 'enter', wants, got: [] })
    }
  }
}

/** One step of a visit: in, from shelf to shelf, to the till, out. */
export function goOnWithVisit(context: CityContext, visit: Visit, at: number): void {
  const { state, emit, recorder, plan } = context
  const random = state.chance.visits
  const again = (seconds: number, next: Partial<Visit>): void =>
    state.queue.push(at + Math.round(seconds * 1000), {
      what: 'visit',
      site: visit.site,
      door: visit.door,
      step: visit.step,
      wants: visit.wants,
      got: visit.got,
      ...next,
    })
  const name = plan.sites[visit.site]!.site.id
  switch (visit.step) {
    case 'enter':
      emit?.({ type: 'door', at, site: name, door: visit.door, in: 1, out: 0 })
      recorder?.passed(visit.site, 'in', at)
      again(20 + 40 * random.next(), { step: 'pick' })
      return
    case 'pick': {
      const [wanted, ...rest] = visit.wants
      const got = wanted ? [...visit.got, ...take(context, visit.site, wanted, at)] : visit.got
      if (rest.length > 0) again(20 + 50 * random.next(), { wants: rest, got })
      else if (got.length > 0) again(25 + 60 * random.next(), { step: 'pay', wants: [], got })
      else again(15 + 30 * random.next(), { step: 'leave', wants: [], got })
      return
    }
    case 'pay':
      ring(context, visit.site, visit.got, at)
      again(10 + 20 * random.next(), { step: 'leave', got: [] })
      return
    case 'leave':
      emit?.({ type: 'door', at, site: name, door: visit.door, in: 0, out: 1 })
      recorder?.passed(visit.site, 'out', at)
  }
}

function take(
  context: CityContext,
  site: number,
  [product, units]: Wanted,
  at: number,
): readonly Wanted[] {
  const { totals } = context.state
  const there = context.state.sites[site]!.units[product]!
  const taken = Math.min(units, there)
  totals.wanted += units
  totals.lost += units - taken
  if (taken === 0) return []
  totals.inHands += taken
  changeShelf(context, site, product, -taken, at, true)
  openDoor(context, site, product)
  return [[product, taken]]
}

/** A chilled or frozen pick opens the door of one of its rooms for some seconds. */
function openDoor(context: CityContext, site: number, product: number): void {
  const { tempClass } = context.plan.entries[product]!.product
  if (tempClass === 'ambient') return
  const rooms = context.state.sites[site]!.rooms.filter(({ zone }) => zone === tempClass)
  const room = rooms[product % Math.max(1, rooms.length)]
  if (room) room.openSeconds += 12
}

/** A sale at one of the tills: what is in hands is sold. */
export function ring(
  context: CityContext,
  site: number,
  lines: readonly Wanted[],
  at: number,
): void {
  const { state, emit, recorder, plan } = context
  const { site: place, layout } = plan.sites[site]!
  const sold = state.sites[site]!.soldToday
  for (const [product, units] of lines) {
    state.totals.inHands -= units
    state.totals.sold += units
    sold[product]! += units
    recorder?.sold(site, product, units, at)
  }
  emit?.({
    type: 'sale',
    at,
    site: place.id,
    till: Math.floor(state.chance.visits.next() * Math.max(1, layout.tills)),
    lines: lines.map(([product, units]) => ({
      product: plan.entries[product]!.product.id,
      units,
    })),
  })
}
