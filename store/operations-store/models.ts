import type { Kysely } from 'kysely'
import {
  dayMs,
  LarderError,
  type ForecastTarget,
  type ModelVersion,
  type RegisteredModel,
} from '../../domain/index.ts'
import { notFound, wrongState } from './errors.ts'
import type { ModelReport } from './models-store.ts'
import { upsertInChunks } from './rows.ts'
import type { Tables } from './schema.ts'
import type { Session } from './session.ts'

/** Rows of before version 7 say only whether a version serves. */
export function modelFromRow({ body }: Pick<Tables['models'], 'body'>): RegisteredModel {
  const kept = JSON.parse(body) as ModelVersion & Partial<RegisteredModel>
  return {
    state: kept.serving ? 'serving' : 'standby',
    stateSince: kept.trainedAt,
    reason: '',
    servedUntil: null,
    ...kept,
  }
}

export async function saveModel(
  session: Session,
  model: RegisteredModel,
  at: number,
): Promise<void> {
  if (model.state === 'serving' || model.state === 'shadow') {
    for (const other of await readTarget(session.db, model.target)) {
      if (other.version === model.version || other.state !== model.state) continue
      await write(session, stepDown(other, model, at), at)
    }
  }
  await write(session, { ...model, serving: model.state === 'serving' }, at)
}

function stepDown(other: RegisteredModel, next: RegisteredModel, at: number): RegisteredModel {
  const hasServed = other.state === 'serving'
  return {
    ...other,
    ...{ state: 'standby', serving: false, stateSince: at },
    servedUntil: hasServed ? at : other.servedUntil,
    reason: hasServed
      ? `Replaced by ${next.version}: ${next.reason}`
      : `${next.version} is in the shadow instead.`,
  }
}

export async function useModel(
  session: Session,
  version: string,
  use: { readonly state: 'serving' | 'shadow' | 'standby'; readonly reason: string },
  at: number,
): Promise<RegisteredModel> {
  const row = await session.db
    .selectFrom('models')
    .selectAll()
    .where('version', '=', version)
    .executeTakeFirst()
  if (!row) throw notFound('model', version)
  const model = modelFromRow(row)
  if (model.state === 'retired') throw wrongState('model', version, 'retired', 'kept')
  if (model.state === use.state) return model
  const { state, reason } = use
  const servedUntil = model.state === 'serving' ? at : model.servedUntil
  const next = { ...model, state, reason, servedUntil, stateSince: at }
  await saveModel(session, next, at)
  return { ...next, serving: state === 'serving' }
}

export async function rollBackModel(
  session: Session,
  target: ForecastTarget,
  by: string,
  at: number,
): Promise<RegisteredModel> {
  const models = await readTarget(session.db, target)
  const present = models.find(({ state }) => state === 'serving')
  const [before] = models
    .filter(
      ({ state, servedUntil }) =>
        servedUntil !== null && (state === 'standby' || state === 'shadow'),
    )
    .toSorted((a, b) => (b.servedUntil ?? 0) - (a.servedUntil ?? 0))
  if (!before)
    throw new LarderError(
      'RT_NOT_FOUND',
      `No version of ${target} that served before is kept. "larder models list" shows those there are; "larder models promote" takes one of them.`,
    )
  const reason = `Rolled back by ${by}${present ? `, in the place of ${present.version}` : ''}.`
  return useModel(session, before.version, { state: 'serving', reason }, at)
}

async function readTarget(
  db: Kysely<Tables>,
  target: ForecastTarget,
): Promise<readonly RegisteredModel[]> {
  const rows = await db.selectFrom('models').selectAll().where('target', '=', target).execute()
  return rows.map(modelFromRow)
}

async function write(session: Session, model: RegisteredModel, at: number): Promise<void> {
  const { version, target, trainedAt, serving } = model
  const row = { version, target, trainedAt, serving: serving ? 1 : 0, body: JSON.stringify(model) }
  await upsertInChunks(session.db, 'models', ['version'], [row])
  session.touch('models', version, at)
}

export async function saveModelReport(
  session: Session,
  version: string,
  report: ModelReport,
): Promise<void> {
  await upsertInChunks(session.db, 'modelReports', ['version'], [{ version, ...report }])
}

export async function readModelReport(
  db: Kysely<Tables>,
  version: string,
): Promise<ModelReport | null> {
  const row = await db
    .selectFrom('modelReports')
    .select(['body', 'words'])
    .where('version', '=', version)
    .executeTakeFirst()
  return row ?? null
}

/** Scores stay as long as changes do; what was retired before goes, its report with it. */
export async function pruneModels({ db }: Session, before: number): Promise<void> {
  const day = new Date(before - dayMs).toISOString().slice(0, 10)
  await db.deleteFrom('modelScores').where('day', '<', day).execute()
  const rows = await db
    .selectFrom('models')
    .selectAll()
    .where('trainedAt', '<', before)
    .where('serving', '=', 0)
    .execute()
  const old = rows.map(modelFromRow).filter(({ state }) => state === 'retired')
  for (const { version } of old) {
    await db.deleteFrom('models').where('version', '=', version).execute()
    await db.deleteFrom('modelReports').where('version', '=', version).execute()
  }
}
