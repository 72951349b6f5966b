import type { Kysely } from 'kysely'
import {
  contextSubject,
  dayMs,
  hourMs,
  withdrawnContext,
  type ContextIssue,
} from '../../domain/index.ts'
import { notFound } from './errors.ts'
import { chunks, upsertInChunks } from './rows.ts'
import type { Tables } from './schema.ts'
import type { Session } from './session.ts'

type Row = Tables['context']

/** More than a year of a city's issues; beyond it the oldest hours go first. */
const mostIssues = 200_000
/** Models learn from a past that is longer than what is shown of it. */
const keptLongerMs = 35 * dayMs

/** Origins are full hours: what is issued within one hour can be seen first from the same one. */
const firstSeen = (issuedAt: number): number => Math.ceil(issuedAt / hourMs)

export function contextFromRow(row: Pick<Row, 'body' | 'status'>): ContextIssue {
  const body = JSON.parse(row.body) as Omit<ContextIssue, 'status'>
  return { ...body, status: row.status === 'replaced' ? 'replaced' : 'current' }
}

/** Whichever came first, each ends as current, as replaced, or as seen by nobody and dropped. */
export async function saveContext(
  session: Session,
  issues: readonly ContextIssue[],
): Promise<void> {
  const bySubject = new Map<string, ContextIssue[]>()
  for (const issue of issues) {
    const subject = contextSubject(issue)
    const group = bySubject.get(subject)
    if (group) group.push(issue)
    else bySubject.set(subject, [issue])
  }
  for (const [subject, group] of bySubject) await saveSubject(session, subject, group)
}

async function saveSubject(
  session: Session,
  subject: string,
  issues: readonly ContextIssue[],
): Promise<void> {
  const { db } = session
  const from = issues.reduce((least, { startAt }) => Math.min(least, startAt), Infinity)
  const to = issues.reduce((most, { endAt }) => Math.max(most, endAt), -Infinity)
  const before = await db
    .selectFrom('context')
    .selectAll()
    .where('subject', '=', subject)
    .where('startAt', '<', to)
    .where('endAt', '>', from)
    .execute()
  const stored = new Map(before.map((row) => [row.id, row]))
  const rows = new Map(stored)
  for (const issue of issues) {
    const row = toRow(subject, issue)
    const earlier = stored.get(row.id)
    if (!earlier || !isSame(earlier, issue)) rows.set(row.id, row)
  }

  const { kept, dropped } = settle([...rows.values()])
  const changed = kept.filter(({ id, status, body }) => {
    const earlier = stored.get(id)
    return earlier?.status !== status || earlier.body !== body
  })
  await upsertInChunks(db, 'context', ['id'], changed)
  for (const chunk of chunks(dropped.filter((id) => stored.has(id))))
    await db.deleteFrom('context').where('id', 'in', chunk).execute()
  for (const row of changed) session.touch('context', row.id, contextFromRow(row).receivedAt)
}

/** Said again it changes nothing, however much later it comes. */
function isSame(row: Row, issue: ContextIssue): boolean {
  const { receivedAt } = contextFromRow(row)
  return row.body === toRow(row.subject, { ...issue, receivedAt }).body
}

function toRow(subject: string, issue: ContextIssue): Row {
  const { status, ...body } = issue
  const { id, signal, site, product, startAt, endAt, issuedAt } = body
  return {
    ...{ id, subject, signal, site, product, startAt, endAt, issuedAt, status },
    body: JSON.stringify(body),
  }
}

/** All rows of one subject that overlap some hours: whatever covers one of them is among them too. */
function settle(rows: readonly Row[]): {
  readonly kept: readonly Row[]
  readonly dropped: readonly string[]
} {
  const kept: Row[] = []
  const dropped: string[] = []
  for (const row of rows.toSorted((a, b) => b.issuedAt - a.issuedAt)) {
    const covering = kept.filter(
      ({ startAt, endAt, issuedAt }) =>
        startAt <= row.startAt && endAt >= row.endAt && issuedAt > row.issuedAt,
    )
    const isUnseen = covering.some(
      ({ issuedAt }) => firstSeen(issuedAt) === firstSeen(row.issuedAt),
    )
    if (isUnseen) dropped.push(row.id)
    else kept.push({ ...row, status: covering.length > 0 ? 'replaced' : 'current' })
  }
  return { kept, dropped }
}

export async function withdrawContext(
  session: Session,
  id: string,
  at: number,
): Promise<ContextIssue> {
  const row = await session.db
    .selectFrom('context')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  if (!row) throw notFound('context issue', id)
  const withdrawn = withdrawnContext(contextFromRow(row), at)
  await saveContext(session, [withdrawn])
  return withdrawn
}

export async function readContext(
  db: Kysely<Tables>,
  span: { readonly from: number; readonly to: number },
): Promise<readonly ContextIssue[]> {
  const rows = await db
    .selectFrom('context')
    .select(['body', 'status'])
    .where('endAt', '>', span.from)
    .where('startAt', '<', span.to)
    .orderBy('issuedAt')
    .orderBy('id')
    .execute()
  return rows.map(contextFromRow)
}

/** What ended long before, and the oldest beyond what is kept at most. */
export async function pruneContext(db: Kysely<Tables>, before: number): Promise<void> {
  await db
    .deleteFrom('context')
    .where('endAt', '<', before - keptLongerMs)
    .execute()
  const beyond = await db
    .selectFrom('context')
    .select('endAt')
    .orderBy('endAt', 'desc')
    .offset(mostIssues)
    .limit(1)
    .executeTakeFirst()
  if (beyond) await db.deleteFrom('context').where('endAt', '<=', beyond.endAt).execute()
}
