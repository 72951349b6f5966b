import { minuteMs, type Transfer } from '../../domain/index.ts'
import { compileProblem, leftCost } from '../transfers/problem.ts'
import { planTransfers, type PlannedTransfer } from '../transfers/index.ts'
import { buildCityInstance, siteProduct, type CityInstance, type Trip } from './city-instance.ts'
import { listAll, type PlannerDeps } from './deps.ts'
import { reconcileProposals } from './reconcile-proposals.ts'

const searchMs = 5000
const usedLevels = [0.5, 0.9]
const shownAlternatives = 3

export interface ProposalResult {
  readonly proposed: readonly Transfer[]
  readonly costOfDoingNothing: number
  readonly cost: number
  readonly seconds: number
}

/** Reads the city, plans, proposes one transfer per trip, and withdraws open proposals whose need has gone. */
export async function proposeTransfers(deps: PlannerDeps): Promise<ProposalResult> {
  const { operations, settings } = deps
  const now = deps.clock.now()
  const [sites, products, planograms, lanes, stock, forecasts, open, approved] = await Promise.all([
    operations.all('sites'),
    operations.all('products'),
    operations.all('planograms'),
    operations.all('lanes'),
    listAll(operations, 'stock', {}),
    listAll(operations, 'forecasts', { type: 'demand', latest: true }),
    listAll(operations, 'transfers', { status: 'proposed' }),
    listAll(operations, 'transfers', { status: 'approved' }),
  ])
  const city = buildCityInstance({
    ...{ now, sites, products, planograms, lanes, stock, forecasts },
    approved,
    maxMinutesP90: settings.maxMinutesP90,
  })
  const plan = planTransfers(city.instance, { seed: 1, timeLimitMs: searchMs, clock: deps.wall })
  const planned = asTransfers(city, plan.transfers, {
    now,
    expiresAt: now + settings.proposalMinutes * minuteMs,
  }).filter(({ saves }) => saves > 0 && saves >= settings.minimumSaving)
  // Approved while this was planning: the plan did not know, and would send the same again.
  const decided = new Set(
    (await listAll(operations, 'transfers', { status: 'approved' }))
      .filter(({ id }) => open.some((one) => one.id === id))
      .map(({ from, to }) => `${from} ${to}`),
  )
  const { propose, withdraw } = reconcileProposals(
    open,
    planned.filter(({ from, to }) => !decided.has(`${from} ${to}`)),
  )
  if (propose.length > 0 || withdraw.length > 0)
    await operations.proposeTransfers(propose, now, withdraw)
  const proposed = propose.filter(({ proposedAt }) => proposedAt === now)
  const { cost, costOfDoingNothing, seconds } = plan
  return { proposed, cost, costOfDoingNothing, seconds }
}

function asTransfers(
  city: CityInstance,
  moves: readonly PlannedTransfer[],
  { now, expiresAt }: { readonly now: number; readonly expiresAt: number },
): readonly Transfer[] {
  const byTrip = new Map<string, PlannedTransfer[]>()
  for (const one of moves) byTrip.set(one.lane!, [...(byTrip.get(one.lane!) ?? []), one])
  const minute = Math.floor(now / minuteMs)
  return [...byTrip].map(([id, onTrip]): Transfer => {
    const { lane, tempClass } = city.trips.get(id)!
    return {
      id: `${lane.from}.${lane.to}.${tempClass}.${minute}`,
      planId: `plan.${minute}`,
      from: lane.from,
      to: lane.to,
      lane: lane.id,
      tempClass,
      status: 'proposed',
      lines: onTrip.map(({ product, units, saves, reason }) => {
        const forecast = city.forecasts.get(siteProduct(lane.to, product))
        return {
          ...{ product, units, saves, reason },
          dispatchedUnits: null,
          receivedUnits: null,
          forecast: forecast?.id ?? null,
          quantilesUsed: forecast?.total.quantiles.filter(({ p }) => usedLevels.includes(p)) ?? [],
        }
      }),
      saves: onTrip.reduce((sum, { saves }) => sum + saves, 0),
      alternatives: alternatives(city, { lane, tempClass }, onTrip, new Set(byTrip.keys())),
      etaMinutesP50: lane.minutesP50,
      etaMinutesP90: lane.minutesP90,
      proposedAt: now,
      expiresAt,
      decidedAt: null,
      decidedBy: null,
      dispatchedAt: null,
      shownEtaAt: null,
      receivedAt: null,
    }
  })
}

/** What else could be done for the line that matters most, each with what it would save. */
function alternatives(
  city: CityInstance,
  chosen: Trip,
  onTrip: readonly PlannedTransfer[],
  used: ReadonlySet<string>,
): readonly string[] {
  const { instance } = city
  const main = onTrip.reduce((best, one) => (one.saves > best.saves ? one : best))
  const problem = compileProblem(instance)
  const p = problem.products.indexOf(main.product)
  const product = instance.products[p]!
  const total = onTrip.reduce((sum, { saves }) => sum + saves, 0)
  const ways = problem.lanesOf[p]!.flatMap((l) => {
    const lane = problem.lanes[l]!
    const id = instance.lanes[lane.index]!.id!
    const from = problem.sites[lane.from]!
    if (problem.sites[lane.to] !== chosen.lane.to || from === chosen.lane.from) return []
    const units = Math.min(main.units, problem.givable[p]![lane.from]!, lane.capacity)
    if (units === 0)
      return [{ saves: -Infinity, words: `${from} has no ${main.product} beyond its hold-back.` }]
    const demand = problem.demand[p]![lane.from]
    const had = problem.stock[p]![lane.from]!
    const loss = demand
      ? leftCost(demand, product, had - units) - leftCost(demand, product, had)
      : 0
    const trip = used.has(id) ? 0 : lane.tripCost
    const value = (main.reason.valueToReceiver * units) / main.units
    const saves = value - loss - lane.unitCost * units - trip
    return [
      {
        saves,
        words: `${units} ${main.product} from ${from}: ${saves > 0 ? 'saves' : 'loses'} ${Math.abs(saves).toFixed(1)} (worth ${value.toFixed(1)}, ${from} loses ${loss.toFixed(1)}, units ${(lane.unitCost * units).toFixed(1)}, trip ${trip.toFixed(1)}).`,
      },
    ]
  }).sort((a, b) => b.saves - a.saves)
  return [
    ...ways.slice(0, shownAlternatives).map(({ words }) => words),
    `Doing nothing costs ${total.toFixed(1)} more.`,
  ]
}
