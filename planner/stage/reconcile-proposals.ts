import type { Transfer } from '../../domain/index.ts'

/**
 * A proposal that people may be looking at is replaced only where a new one is worth more than twice or less than half of it:
 * every sale moves a plan a little, and a list that changes under the reader's eyes is never decided.
 */
const replaceBeyondFactor = 2

/**
 * What becomes of the proposals still open now that there is a new plan: one whose trip the plan makes again, worth
 * about as much, stays; the others are withdrawn. `propose` repeats one that stays only where its pair of sites gets
 * another, which would expire it.
 */
export function reconcileProposals(
  open: readonly Transfer[],
  planned: readonly Transfer[],
): { readonly propose: readonly Transfer[]; readonly withdraw: readonly string[] } {
  const byTrip = new Map(open.map((one) => [trip(one), one]))
  const stay = new Map<string, Transfer>()
  const fresh: Transfer[] = []
  for (const one of planned) {
    const before = byTrip.get(trip(one))
    if (before && isAboutSame(before, one)) stay.set(before.id, before)
    else fresh.push(one)
  }
  const pairs = new Set(fresh.map(pair))
  return {
    propose: [...fresh, ...[...stay.values()].filter((one) => pairs.has(pair(one)))],
    withdraw: open.filter(({ id }) => !stay.has(id)).map(({ id }) => id),
  }
}

const pair = ({ from, to }: Transfer): string => `${from} ${to}`
const trip = ({ lane, tempClass }: Transfer): string => `${lane} ${tempClass}`

function isAboutSame(before: Transfer, now: Transfer): boolean {
  const products = new Set(before.lines.map(({ product }) => product))
  return (
    now.lines.some(({ product }) => products.has(product)) &&
    now.saves <= before.saves * replaceBeyondFactor &&
    now.saves >= before.saves / replaceBeyondFactor
  )
}
