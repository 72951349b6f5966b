import type { Kysely } from 'kysely'
import type { Credential, CredentialView } from '../../domain/index.ts'
import { notFound } from './errors.ts'
import type { Page } from './operations-store.ts'
import { readByKey, upsertInChunks, without } from './rows.ts'
import type { Tables } from './schema.ts'
import type { Session } from './session.ts'

export async function putCredential(session: Session, credential: Credential): Promise<void> {
  await upsertInChunks(
    session.db,
    'credentials',
    ['username'],
    [
      {
        ...credential,
        revoked: credential.revoked ? 1 : 0,
        publish: JSON.stringify(credential.publish),
        subscribe: JSON.stringify(credential.subscribe),
        mappings: JSON.stringify(credential.mappings),
      },
    ],
  )
  session.tell({ what: 'credential', username: credential.username })
}

export async function revokeCredential(session: Session, username: string): Promise<void> {
  const { numUpdatedRows } = await session.db
    .updateTable('credentials')
    .set({ revoked: 1 })
    .where('username', '=', username)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) throw notFound('credential', username)
  session.tell({ what: 'credential', username })
}

/** Those of no single device, by username. */
export async function listCredentials(
  db: Kysely<Tables>,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<Page<CredentialView>> {
  const rows = await db
    .selectFrom('credentials')
    .selectAll()
    .where('device', 'is', null)
    .$if(cursor !== undefined, (query) => query.where('username', '>', cursor!))
    .orderBy('username')
    .limit(limit + 1)
    .execute()
  const page = rows.slice(0, limit)
  return {
    items: page.map((row) => without(without(credentialFromRow(row), 'salt'), 'hash')),
    next: rows.length > limit ? page.at(-1)!.username : null,
  }
}

export async function readCredential(
  db: Kysely<Tables>,
  username: string,
): Promise<Credential | null> {
  const row = (await readByKey(db, 'credentials', 'username', [username])).get(username)
  return row ? credentialFromRow(row) : null
}

function credentialFromRow(row: Tables['credentials']): Credential {
  return {
    ...(row as Omit<typeof row, 'kind'> & { kind: Credential['kind'] }),
    revoked: row.revoked === 1,
    publish: JSON.parse(row.publish) as string[],
    subscribe: JSON.parse(row.subscribe) as string[],
    mappings: JSON.parse(row.mappings) as Credential['mappings'],
  }
}
