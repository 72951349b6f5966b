import {
  isZone,
  normaliseGtin,
  restrictedGtin,
  type Lane,
  type MasterData,
  type MasterKind,
  type Planogram,
  type Product,
  type Site,
  type StaffShift,
} from '../../domain/index.ts'
import { invalid } from './errors.ts'
import type { MasterInput } from './operations-store.ts'
import { chunks, upsertInChunks } from './rows.ts'
import type { Tables } from './schema.ts'
import type { Session } from './session.ts'
import { applyPlanograms } from './stock.ts'

type Row = Tables['master']

export async function putMasterData<K extends MasterKind>(
  session: Session,
  kind: K,
  items: readonly MasterInput<K>[],
  at: number,
): Promise<readonly ('created' | 'replaced')[]> {
  const complete =
    kind === 'products' ? await withGtins(session, items as readonly Product[]) : items
  for (const item of complete) if (kind === 'sites') checkZone(item as Site)
  await checkReferences(session, kind, complete as readonly MasterData[MasterKind][])

  const kept = await readKept(
    session,
    kind,
    complete.map(({ id }) => id),
  )
  const outcomes: ('created' | 'replaced')[] = []
  for (const item of complete) {
    const row = toRow(kind, item as MasterData[MasterKind])
    const before = kept.get(item.id)
    outcomes.push(before ? 'replaced' : 'created')
    if (before?.body === row.body) continue
    kept.set(item.id, row)
    session.touch(kind, item.id, at)
  }
  const ids = new Set(complete.map(({ id }) => id))
  await upsertInChunks(
    session.db,
    'master',
    ['kind', 'id'],
    [...kept.values()].filter(({ id }) => ids.has(id)),
  )
  if (kind === 'planograms') await applyPlanograms(session, complete as readonly Planogram[], at)
  return outcomes
}

/** A site that a device is registered at before anybody described it. */
export async function ensureSite(session: Session, id: string, at: number): Promise<void> {
  if ((await readKept(session, 'sites', [id])).has(id)) return
  const neighbour = await session.db
    .selectFrom('master')
    .select('body')
    .where('kind', '=', 'sites')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
  const timeZone = neighbour ? (JSON.parse(neighbour.body) as Site).timeZone : 'UTC'
  await putMasterData(session, 'sites', [{ id, name: id, kind: 'store', timeZone }], at)
}

async function readKept(
  session: Session,
  kind: MasterKind,
  ids: readonly string[],
): Promise<Map<string, Row>> {
  const byId = new Map<string, Row>()
  for (const chunk of chunks([...new Set(ids)])) {
    const rows = await session.db
      .selectFrom('master')
      .selectAll()
      .where('kind', '=', kind)
      .where('id', 'in', chunk)
      .execute()
    for (const row of rows) byId.set(row.id, row)
  }
  return byId
}

function toRow(kind: MasterKind, item: MasterData[MasterKind]): Row {
  const fields = item as Partial<Planogram & Lane & StaffShift>
  return {
    kind,
    id: item.id,
    site: fields.site ?? fields.from ?? null,
    product: fields.product ?? null,
    device: fields.device ?? null,
    otherSite: fields.to ?? null,
    body: JSON.stringify(item),
  }
}

function checkZone(site: Site): void {
  if (!isZone(site.timeZone)) {
    throw invalid(
      `The site "${site.id}" has the time zone "${site.timeZone}", which is none: write an IANA zone, e.g. Asia/Shanghai.`,
    )
  }
}

/** Every product with a GTIN-14 of its own: tills name products by it. */
async function withGtins(
  session: Session,
  products: readonly Product[],
): Promise<readonly MasterData['products'][]> {
  const complete = products.map((product) => {
    const gtin =
      product.gtin === undefined ? restrictedGtin(product.id) : normaliseGtin(product.gtin)
    if (gtin === null) {
      throw invalid(
        `The product "${product.id}" has the GTIN "${String(product.gtin)}", whose check digit or length is wrong. Mend it, or leave it out for one to be made.`,
      )
    }
    return { ...product, gtin }
  })
  const rows = await session.db
    .selectFrom('master')
    .select('body')
    .where('kind', '=', 'products')
    .execute()
  const owners = new Map<string, string>()
  for (const row of rows) {
    const { id, gtin } = JSON.parse(row.body) as MasterData['products']
    owners.set(gtin, id)
  }
  for (const { id, gtin } of complete) {
    const owner = owners.get(gtin)
    if (owner !== undefined && owner !== id)
      throw invalid(`The products "${owner}" and "${id}" have the same GTIN ${gtin}.`)
    owners.set(gtin, id)
  }
  return complete
}

async function checkReferences(
  session: Session,
  kind: MasterKind,
  items: readonly MasterData[MasterKind][],
): Promise<void> {
  const fields = items as readonly Partial<Planogram & Lane & StaffShift>[]
  const sites = fields.flatMap(({ site, from, to }) => [site, from, to])
  await checkKnown(session, 'sites', sites, kind)
  await checkKnown(
    session,
    'products',
    fields.map(({ product }) => product),
    kind,
  )
}

async function checkKnown(
  session: Session,
  kind: 'sites' | 'products',
  ids: readonly (string | undefined)[],
  referring: MasterKind,
): Promise<void> {
  const wanted = [...new Set(ids)].filter((id) => id !== undefined)
  const known = await readKept(session, kind, wanted)
  const missing = wanted.find((id) => !known.has(id))
  if (missing !== undefined) {
    throw invalid(
      `The ${referring} name "${missing}", which is none of the ${kind}. Put the ${kind} first.`,
    )
  }
}
