import { Type, type Static } from 'typebox'
import { TempClass } from '../../domain/master-data.ts'
import { demandProblems } from '../demand.ts'
import { failOn, QuantileList, schemaProblems } from '../instance-problems.ts'

/** What a transfer plan is made from: the file format of `larder plan transfers`. Unknown members are ignored. */
const amount = Type.Number({ minimum: 0 })
const name = Type.String({ minLength: 1 })

export const TransferInstance = Type.Object({
  products: Type.Array(
    Type.Object({ id: name, shortageCost: amount, overageCost: amount, tempClass: TempClass }),
  ),
  sites: Type.Array(
    Type.Object({
      id: name,
      kind: Type.Union([Type.Literal('warehouse'), Type.Literal('store')]),
    }),
  ),
  stock: Type.Array(
    Type.Object({ site: name, product: name, units: amount, holdBack: Type.Optional(amount) }),
  ),
  demand: Type.Array(
    Type.Object({
      site: name,
      product: name,
      pmf: Type.Optional(Type.Array(amount, { minItems: 1 })),
      quantiles: Type.Optional(QuantileList),
    }),
  ),
  lanes: Type.Array(
    Type.Object({
      /** Needed only where two lanes join the same two sites. */
      id: Type.Optional(name),
      from: name,
      to: name,
      minutesP50: Type.Optional(amount),
      minutesP90: amount,
      unitCost: amount,
      tripCost: amount,
      capacityUnits: amount,
      tempClasses: Type.Array(TempClass),
    }),
  ),
  limits: Type.Optional(Type.Object({ maxMinutesP90: Type.Optional(amount) })),
})
export type TransferInstance = Static<typeof TransferInstance>

/** Reads an instance; all its problems come in one RT_REQUEST_INVALID. */
export function parseTransferInstance(input: unknown): TransferInstance {
  const problems = schemaProblems(TransferInstance, input)
  if (problems.length === 0) problems.push(...referenceProblems(input as TransferInstance))
  failOn('transfer instance', problems)
  return input as TransferInstance
}

function referenceProblems(instance: TransferInstance): readonly string[] {
  const problems: string[] = []
  const once = (list: string, keys: readonly string[]): void => {
    const seen = new Set<string>()
    for (const [i, key] of keys.entries()) {
      if (seen.has(key)) problems.push(`${list}[${i}] says ${key} a second time.`)
      seen.add(key)
    }
  }
  once(
    'products',
    instance.products.map(({ id }) => id),
  )
  once(
    'sites',
    instance.sites.map(({ id }) => id),
  )
  once(
    'stock',
    instance.stock.map(({ site, product }) => `${site} ${product}`),
  )
  once(
    'demand',
    instance.demand.map(({ site, product }) => `${site} ${product}`),
  )
  once(
    'lanes',
    instance.lanes.map(({ id, from, to }) => id ?? `${from} to ${to}`),
  )

  const sites = new Set(instance.sites.map(({ id }) => id))
  const products = new Set(instance.products.map(({ id }) => id))
  const known = (list: string, i: number, kind: string, set: Set<string>, id: string): void => {
    if (!set.has(id)) problems.push(`${list}[${i}] names the ${kind} ${id}, which is not listed.`)
  }
  for (const list of ['stock', 'demand'] as const) {
    for (const [i, row] of instance[list].entries()) {
      known(list, i, 'site', sites, row.site)
      known(list, i, 'product', products, row.product)
    }
  }
  for (const [i, lane] of instance.lanes.entries()) {
    known('lanes', i, 'site', sites, lane.from)
    known('lanes', i, 'site', sites, lane.to)
  }
  for (const [i, row] of instance.demand.entries())
    problems.push(
      ...demandProblems(`demand[${i}]`, {
        ...(row.pmf && { pmf: row.pmf }),
        ...(row.quantiles && { quantiles: row.quantiles }),
      }),
    )
  return problems
}
