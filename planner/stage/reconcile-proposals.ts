import type { Transfer } from '../../domain/index.ts'

/** A proposal that people may be looking at is not replaced by one that saves about as much. */
const sameSavingWithin = 0.2

/**
 * What becomes of the proposals still open now that there is a new plan: one that the plan makes again, of the same products and
 * worth about as much, stays; the others are withdrawn. `propose` repeats one that stays only where its pair of sites gets
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
    before.lines.length === now.lines.length &&
    now.lines.every(({ product }) => products.has(product)) &&
    Math.abs(now.saves - before.saves) <= sameSavingWithin * before.saves
  )
}
