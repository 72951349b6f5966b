import { LarderError, readContextIssue, type ContextIssue } from '../../domain/index.ts'
import { numberCell } from './cells.ts'
import type { ImportKind } from './import-kind.ts'

export interface KnownNames {
  readonly sites: Pick<ReadonlySet<string>, 'has'>
  readonly products: Pick<ReadonlySet<string>, 'has'>
}

/** One row is one value of one signal, for an hour or from `start` to `end`. */
export const context: ImportKind<ContextIssue> = {
  name: 'context',
  required: ['signal', 'start', 'value'],
  optional: ['site', 'product', 'end', 'basis', 'unit', 'issuedAt', 'words'],
  read(row, known) {
    const value = numberCell(row, 'value', { least: -1e9, most: 1e9 })
    const issue = readContextIssue({ ...row, value }, known.now)
    checkContextNames(issue, known)
    return issue
  },
  async write(rows, { operations }) {
    await operations.saveContext(rows.map(({ item }) => item))
    return []
  },
}

/** Whoever can be told at once is told of a site or product that does not exist. */
export function checkContextNames({ site, product }: ContextIssue, known: KnownNames): void {
  if (site !== null && !known.sites.has(site))
    throw new LarderError('RT_REQUEST_INVALID', `there is no site "${site}"; make it known first`)
  if (product !== null && !known.products.has(product))
    throw new LarderError(
      'RT_REQUEST_INVALID',
      `there is no product "${product}"; make it known first`,
    )
}
