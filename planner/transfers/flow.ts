import type { Problem } from './problem.ts'

/** A plan in the making. Laws: load[l] = sum of flow[p][l] <= capacity; moved = in - out; 0 <= given <= givable. */
export interface Plan {
  readonly flow: readonly Int32Array[]
  readonly moved: readonly Int32Array[]
  readonly given: readonly Int32Array[]
  readonly load: Int32Array
  readonly open: Uint8Array
}

export function emptyPlan({ products, sites, lanes }: Problem): Plan {
  return {
    flow: products.map(() => new Int32Array(lanes.length)),
    moved: products.map(() => new Int32Array(sites.length)),
    given: products.map(() => new Int32Array(sites.length)),
    load: new Int32Array(lanes.length),
    open: new Uint8Array(lanes.length),
  }
}

export function copyPlan(plan: Plan): Plan {
  return {
    flow: plan.flow.map((row) => row.slice()),
    moved: plan.moved.map((row) => row.slice()),
    given: plan.given.map((row) => row.slice()),
    load: plan.load.slice(),
    open: plan.open.slice(),
  }
}

/** Adds (or takes back) units of a product on a lane. */
export function move(problem: Problem, plan: Plan, p: number, l: number, units: number): void {
  const { from, to } = problem.lanes[l]!
  plan.flow[p]![l]! += units
  plan.load[l]! += units
  plan.moved[p]![to]! += units
  plan.moved[p]![from]! -= units
  plan.given[p]![from]! += units
}

export interface FlowOptions {
  /** What a unit on a lane costs; may carry a share of the trip. */
  readonly unitCost: Float64Array
  /** Products share the lanes' capacity; without it each product is planned as if alone (a relaxation). */
  readonly isShared: boolean
  /** Counts the arcs looked at; the search stops when it is used up. */
  readonly work: { left: number }
}

const epsilon = 1e-9
const unseen = -1
const mostCycles = 100_000

/**
 * Best flow of one product over the open lanes, the others as they are: units move around negative cycles of the residual
 * network until there is none, which for convex costs is the optimum (Ahuja, Magnanti, Orlin, Network Flows, 14.4). On a
 * full lane a unit may push out the unit of another product that is worth least there.
 * True where anything moved.
 */
export function optimiseProduct(
  problem: Problem,
  plan: Plan,
  p: number,
  options: FlowOptions,
): boolean {
  let didMove = false
  let mayDisplace = options.isShared
  for (let cycles = 0; cycles < mostCycles && options.work.left > 0; cycles++) {
    const arcs = residualArcs(problem, plan, p, options, mayDisplace)
    const cycle = negativeCycle(arcs, 2 * problem.sites.length + 1, options.work)
    if (!cycle) return didMove
    // Two units pushed out at once may cost more than the sum of each alone.
    if (cycle.filter(({ displaced }) => displaced >= 0).length > 1) {
      mayDisplace = false
      continue
    }
    push(problem, plan, p, cycle, options)
    didMove = true
  }
  return didMove
}

/** Nodes: stock of site i = i, its dock = n + i, what stays = 2n. */
interface Arc {
  readonly tail: number
  readonly head: number
  readonly cost: number
  /** Lane and direction where the arc is a lane. */
  readonly lane: number
  readonly units: 1 | -1 | 0
  /** Product whose unit is pushed out, or -1. */
  readonly displaced: number
}

function residualArcs(
  problem: Problem,
  plan: Plan,
  p: number,
  options: FlowOptions,
  mayDisplace: boolean,
): Arc[] {
  const n = problem.sites.length
  const arcs: Arc[] = []
  const add = (tail: number, head: number, cost: number): void => {
    arcs.push({ tail, head, cost, lane: -1, units: 0, displaced: -1 })
  }
  const touched = new Uint8Array(n)
  for (const l of problem.lanesOf[p]!) {
    if (!plan.open[l]) continue
    const { from, to, capacity } = problem.lanes[l]!
    touched[from] = touched[to] = 1
    const cost = options.unitCost[l]!
    const load = options.isShared ? plan.load[l]! : plan.flow[p]![l]!
    if (load < capacity) {
      arcs.push({ tail: n + from, head: to, cost, lane: l, units: 1, displaced: -1 })
    } else if (mayDisplace && load > plan.flow[p]![l]!) {
      const displaced = cheapestOther(problem, plan, p, l, options.unitCost)
      arcs.push({
        tail: n + from,
        head: to,
        cost: cost + displaced.cost,
        lane: l,
        units: 1,
        displaced: displaced.product,
      })
    }
    if (plan.flow[p]![l]! > 0)
      arcs.push({ tail: to, head: n + from, cost: -cost, lane: l, units: -1, displaced: -1 })
  }
  for (let i = 0; i < n; i++) {
    if (!touched[i]) continue
    const moved = plan.moved[p]![i]!
    const now = problem.cost(p, i, moved)
    add(i, 2 * n, problem.cost(p, i, moved + 1) - now)
    if (problem.stock[p]![i]! + moved >= 1) add(2 * n, i, problem.cost(p, i, moved - 1) - now)
    if (plan.given[p]![i]! < problem.givable[p]![i]!) add(i, n + i, 0)
    if (plan.given[p]![i]! > 0) add(n + i, i, 0)
  }
  return arcs
}

function cheapestOther(
  problem: Problem,
  plan: Plan,
  p: number,
  l: number,
  unitCost: Float64Array,
): { readonly product: number; readonly cost: number } {
  const { from, to } = problem.lanes[l]!
  let best = { product: -1, cost: Infinity }
  for (let other = 0; other < plan.flow.length; other++) {
    if (other === p || !plan.flow[other]![l]) continue
    const [at, back] = [plan.moved[other]![to]!, plan.moved[other]![from]!]
    const cost =
      problem.cost(other, to, at - 1) -
      problem.cost(other, to, at) +
      problem.cost(other, from, back + 1) -
      problem.cost(other, from, back) -
      unitCost[l]!
    if (cost < best.cost) best = { product: other, cost }
  }
  return best
}

/** Bellman-Ford from everywhere at once; a cycle in the predecessors is a negative one. */
function negativeCycle(
  arcs: readonly Arc[],
  nodes: number,
  work: { left: number },
): readonly Arc[] | null {
  const distance = new Float64Array(nodes)
  const into: (Arc | undefined)[] = new Array<Arc | undefined>(nodes).fill(undefined)
  for (let round = 0; round <= nodes; round++) {
    work.left -= arcs.length
    let didRelax = false
    for (const arc of arcs) {
      const through = distance[arc.tail]! + arc.cost
      if (through < distance[arc.head]! - epsilon) {
        distance[arc.head] = through
        into[arc.head] = arc
        didRelax = true
      }
    }
    if (!didRelax) return null
    const cycle = predecessorCycle(into)
    if (cycle) return cycle
  }
  return null
}

function predecessorCycle(into: readonly (Arc | undefined)[]): readonly Arc[] | null {
  const seenFrom = new Int32Array(into.length).fill(unseen)
  for (let start = 0; start < into.length; start++) {
    let node = start
    while (seenFrom[node] === unseen) {
      seenFrom[node] = start
      const arc = into[node]
      if (!arc) break
      node = arc.tail
    }
    if (seenFrom[node] !== start || !into[node]) continue
    const cycle: Arc[] = []
    const meeting = node
    do {
      const arc = into[node]!
      cycle.push(arc)
      node = arc.tail
    } while (node !== meeting)
    return cycle
  }
  return null
}

/** Sends units around the cycle, one by one, as long as each still pays. */
function push(
  problem: Problem,
  plan: Plan,
  p: number,
  cycle: readonly Arc[],
  options: FlowOptions,
): void {
  const lanes = cycle.filter(({ units }) => units !== 0)
  const onlyOnce = lanes.some(({ displaced }) => displaced >= 0)
  const cost = (): number => {
    let total = 0
    for (const { tail, head, lane, units } of cycle) {
      const n = problem.sites.length
      if (units !== 0) total += units * options.unitCost[lane]!
      else if (head === 2 * n)
        total +=
          problem.cost(p, tail, plan.moved[p]![tail]! + 1) -
          problem.cost(p, tail, plan.moved[p]![tail]!)
      else if (tail === 2 * n)
        total +=
          problem.cost(p, head, plan.moved[p]![head]! - 1) -
          problem.cost(p, head, plan.moved[p]![head]!)
    }
    return total
  }
  const canGo = (): boolean =>
    cycle.every(({ tail, head, lane, units }) => {
      const n = problem.sites.length
      if (units === 1) {
        const load = options.isShared ? plan.load[lane]! : plan.flow[p]![lane]!
        return load < problem.lanes[lane]!.capacity
      }
      if (units === -1) return plan.flow[p]![lane]! > 0
      if (head === n + tail) return plan.given[p]![tail]! < problem.givable[p]![tail]!
      if (tail === n + head) return plan.given[p]![head]! > 0
      return tail !== 2 * n || problem.stock[p]![head]! + plan.moved[p]![head]! >= 1
    })
  do {
    for (const { lane, units, displaced } of lanes) {
      if (displaced >= 0) move(problem, plan, displaced, lane, -1)
      move(problem, plan, p, lane, units)
    }
  } while (!onlyOnce && canGo() && cost() < -epsilon)
}
