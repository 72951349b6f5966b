import loadHighs, { type Highs } from 'highs'
import { expect, test } from 'vitest'
import { planTransfers, type TransferInstance } from '../../planner/index.ts'
import { wallClock } from '../../runtime/index.ts'
import { sampleTransferInstance } from '../support/transfer-instances.ts'

/**
 * The oracle shares nothing with the planner but the instance: demand is integrated here again, and HiGHS solves the plan as a
 * mixed-integer program (whole units per lane and product, a binary per trip, the convex cost of each stock as unit steps).
 */
test('on 20 small cities the plan saves at least 95 % of what an exact solver saves, and its bound holds', async () => {
  // The package's types miss that its CommonJS export is the function itself.
  const highs = await (loadHighs as unknown as () => Promise<Highs>)()
  let ours = 0
  let exact = 0
  const shares: number[] = []
  for (let seed = 1; seed <= 20; seed++) {
    const instance = sampleTransferInstance(seed, {
      warehouses: 2,
      stores: 3 + (seed % 3),
      products: 3 + (seed % 2),
    })
    const plan = planTransfers(instance, { seed: 1, timeLimitMs: 10_000, clock: wallClock })
    const solution = highs.solve(asProgram(instance), { time_limit: 30, mip_rel_gap: 0 })
    const best = solution.ObjectiveValue
    expect(solution.Status, `seed ${seed}`).toBe('Optimal')
    expect(plan.costOfDoingNothing, `seed ${seed}`).toBeCloseTo(nothing(instance), 4)
    expect(plan.cost, `seed ${seed}`).toBeGreaterThanOrEqual(best - 1e-4)
    expect(plan.bound ?? 0, `seed ${seed}`).toBeLessThanOrEqual(best + 1e-4)
    const [saved, possible] = [plan.costOfDoingNothing - plan.cost, plan.costOfDoingNothing - best]
    ours += saved
    exact += possible
    if (possible > 1e-6) shares.push(saved / possible)
  }
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
  console.info(
    `plan against HiGHS on 20 instances: ${percent(ours / exact)} of the total saving, mean ${percent(mean)}, worst ${percent(Math.min(...shares))}`,
  )
  expect(ours / exact).toBeGreaterThan(0.95)
  expect(Math.min(...shares)).toBeGreaterThan(0.8)
})

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`
}

type Demand = TransferInstance['demand'][number]

/** Chance of more than x, from the definition in the file format. */
function tail(demand: Demand): { above: (x: number) => number; end: number } {
  if (demand.pmf) {
    const pmf = demand.pmf
    return {
      end: pmf.length,
      above: (x) => pmf.slice(Math.floor(x) + 1).reduce((a, b) => a + b, 0),
    }
  }
  const given = demand.quantiles!
  const [first, last] = [given[0]!, given.at(-1)!]
  const end = last.value + ((last.value - first.value) * (1 - last.p)) / (last.p - first.p)
  const points = [{ p: 0, value: 0 }, ...given, { p: 1, value: end }]
  return {
    end,
    above: (x) => {
      const k = points.findIndex(({ value }) => value > x)
      if (k < 0) return 0
      const [a, b] = [points[k - 1]!, points[k]!]
      return 1 - (a.p + ((b.p - a.p) * (x - a.value)) / (b.value - a.value))
    },
  }
}

/** Costs of leaving 0, 1, 2 ... units, by numeric integration of the tail (pmf: exact sums). */
function costs(instance: TransferInstance, demand: Demand, most: number): number[] {
  const product = instance.products.find(({ id }) => id === demand.product)!
  const { above, end } = tail(demand)
  const steps = demand.pmf ? 1 : 1000
  const integral = (from: number, to: number, f: (x: number) => number): number => {
    let area = 0
    for (let i = 0; i < steps; i++) area += f(from + ((to - from) * (i + 0.5)) / steps)
    return (area * (to - from)) / steps
  }
  // Exact at the knots up to 1e-6: the function is piecewise linear, the midpoint rule errs only at a knot.
  const last = Math.max(most, Math.ceil(end)) + 1
  const short: number[] = []
  const over: number[] = [0]
  short[last] = 0
  for (let k = last - 1; k >= 0; k--) short[k] = short[k + 1]! + integral(k, k + 1, above)
  for (let k = 1; k <= most; k++) over[k] = over[k - 1]! + integral(k - 1, k, (x) => 1 - above(x))
  return Array.from(
    { length: most + 1 },
    (_, k) => product.shortageCost * short[k]! + product.overageCost * over[k]!,
  )
}

function nothing(instance: TransferInstance): number {
  return instance.demand.reduce((sum, demand) => {
    const units = stockOf(instance, demand.site, demand.product).units
    return sum + costs(instance, demand, units)[units]!
  }, 0)
}

function stockOf(instance: TransferInstance, site: string, product: string) {
  const row = instance.stock.find((one) => one.site === site && one.product === product)
  return { units: row?.units ?? 0, holdBack: row?.holdBack ?? 0 }
}

/** CPLEX LP text. */
function asProgram(instance: TransferInstance): string {
  const lanes = instance.lanes.filter(
    ({ minutesP90 }) => minutesP90 <= (instance.limits?.maxMinutesP90 ?? Infinity),
  )
  const objective: string[] = []
  const rows: string[] = []
  const bounds: string[] = []
  const integers: string[] = []
  let constant = 0
  const term = (value: number, name: string): string =>
    `${value < 0 ? '-' : '+'} ${Math.abs(value).toFixed(12)} ${name}`
  const carries = (l: number, p: number): boolean =>
    lanes[l]!.tempClasses.includes(instance.products[p]!.tempClass)
  for (const [l, lane] of lanes.entries()) {
    objective.push(term(lane.tripCost, `y${l}`))
    const units = instance.products.flatMap((_, p) => (carries(l, p) ? [`x${l}_${p}`] : []))
    for (const name of units) {
      objective.push(term(lane.unitCost, name))
      integers.push(name)
    }
    if (units.length > 0)
      rows.push(`${units.map((x) => `+ 1 ${x}`).join(' ')} - ${lane.capacityUnits} y${l} <= 0`)
  }
  for (const [s, site] of instance.sites.entries()) {
    for (const [p, product] of instance.products.entries()) {
      const { units, holdBack } = stockOf(instance, site.id, product.id)
      const out = lanes.flatMap((lane, l) =>
        lane.from === site.id && carries(l, p) ? [`x${l}_${p}`] : [],
      )
      const into = lanes.flatMap((lane, l) =>
        lane.to === site.id && carries(l, p) ? [`x${l}_${p}`] : [],
      )
      if (out.length > 0)
        rows.push(`${out.map((x) => `+ 1 ${x}`).join(' ')} <= ${Math.max(0, units - holdBack)}`)
      const demand = instance.demand.find(
        (one) => one.site === site.id && one.product === product.id,
      )
      if (!demand) continue
      const most =
        units + lanes.reduce((sum, lane) => sum + (lane.to === site.id ? lane.capacityUnits : 0), 0)
      const left = costs(instance, demand, most)
      constant += left[0]!
      const steps = Array.from({ length: most }, (_, k) => `z${s}_${p}_${k}`)
      for (const [k, z] of steps.entries()) {
        objective.push(term(left[k + 1]! - left[k]!, z))
        bounds.push(`${z} <= 1`)
      }
      rows.push(
        `${steps.map((z) => `+ 1 ${z}`).join(' ')} ${out.map((x) => `+ 1 ${x}`).join(' ')} ${into.map((x) => `- 1 ${x}`).join(' ')} = ${units}`,
      )
    }
  }
  bounds.push('one = 1')
  objective.push(term(constant, 'one'))
  return [
    'Minimize',
    ` obj: ${objective.join('\n ')}`,
    'Subject To',
    ...rows.map((row, i) => ` c${i}: ${row}`),
    'Bounds',
    ...bounds.map((row) => ` ${row}`),
    'General',
    ` ${integers.join('\n ')}`,
    'Binary',
    ` ${lanes.map((_, l) => `y${l}`).join('\n ')}`,
    'End',
  ].join('\n')
}
