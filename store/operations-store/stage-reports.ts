import type { Kysely } from 'kysely'
import { minuteMs, type StageReport } from '../../domain/index.ts'
import { upsertInChunks } from './rows.ts'
import type { Tables } from './schema.ts'

/** A process that was killed is missed so long, and then forgotten. */
const keptMs = 10 * minuteMs

export async function reportStage(
  db: Kysely<Tables>,
  report: StageReport,
  at: number,
): Promise<void> {
  const row = { process: report.process, stage: report.name, at, body: JSON.stringify(report) }
  await upsertInChunks(db, 'stageReports', ['process'], [row])
  await db
    .deleteFrom('stageReports')
    .where('at', '<', at - keptMs)
    .execute()
}

export async function withdrawStage(db: Kysely<Tables>, process: string): Promise<void> {
  await db.deleteFrom('stageReports').where('process', '=', process).execute()
}

export async function readStageReports(
  db: Kysely<Tables>,
): Promise<readonly (StageReport & { readonly at: number })[]> {
  const rows = await db.selectFrom('stageReports').selectAll().orderBy('process').execute()
  return rows.map(({ body, at }) => ({ ...(JSON.parse(body) as StageReport), at }))
}
