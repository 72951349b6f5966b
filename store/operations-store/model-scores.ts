import type { Kysely } from 'kysely'
import type { ForecastTarget, ModelScore } from '../../domain/index.ts'
import { readByKey, upsertInChunks, without } from './rows.ts'
import type { Tables } from './schema.ts'
import type { Session } from './session.ts'

const sums = [
  ...(['windows', 'censored', 'amount', 'mean', 'absolute', 'loss'] as const),
  ...(['below10', 'below50', 'below90'] as const),
]

function toRow(score: ModelScore): Tables['modelScores'] {
  const { target, model, site, day } = score
  return { id: `${target}.${model}.${site}.${day}`, ...score }
}

export async function addModelScores(
  session: Session,
  scores: readonly ModelScore[],
): Promise<void> {
  const added = new Map<string, Tables['modelScores']>()
  const add = (row: Tables['modelScores'], to: Tables['modelScores'] | undefined): void => {
    const total = { ...row }
    for (const name of sums) total[name] += to?.[name] ?? 0
    added.set(row.id, total)
  }
  for (const row of scores.map(toRow)) add(row, added.get(row.id))
  const known = await readByKey(session.db, 'modelScores', 'id', added.keys())
  for (const row of [...added.values()]) add(row, known.get(row.id))
  await upsertInChunks(session.db, 'modelScores', ['id'], [...added.values()])
}

export async function readModelScores(
  db: Kysely<Tables>,
  filter: {
    readonly target?: ForecastTarget | undefined
    readonly site?: string | undefined
    readonly from?: string | undefined
    readonly to?: string | undefined
  },
): Promise<readonly ModelScore[]> {
  let query = db.selectFrom('modelScores').selectAll().orderBy('id')
  if (filter.target !== undefined) query = query.where('target', '=', filter.target)
  if (filter.site !== undefined) query = query.where('site', '=', filter.site)
  if (filter.from !== undefined) query = query.where('day', '>=', filter.from)
  if (filter.to !== undefined) query = query.where('day', '<=', filter.to)
  const rows = await query.execute()
  return rows.map((row) => without(row, 'id') as ModelScore)
}
