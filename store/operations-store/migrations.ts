import type { Kysely } from 'kysely'
import { LarderError } from '../../domain/index.ts'
import type { BinaryType, Tables } from './schema.ts'
import { createVersion1 } from './version-1.ts'
import { createVersion2 } from './version-2.ts'
import { createVersion3 } from './version-3.ts'
import { createVersion4 } from './version-4.ts'
import { createVersion5 } from './version-5.ts'
import { createVersion6 } from './version-6.ts'
import { createVersion7 } from './version-7.ts'

export type Migration = (db: Kysely<Tables>, binary: BinaryType) => Promise<void>

/** The first makes version 1. One that was ever released is never edited, only followed by the next. */
export const migrations: readonly Migration[] = [
  createVersion1,
  createVersion2,
  createVersion3,
  createVersion4,
  createVersion5,
  createVersion6,
  createVersion7,
]

/** Brings the tables up to the newest version, each step in a transaction of its own; a version from the future is an error. */
export async function migrate(
  db: Kysely<Tables>,
  options: {
    readonly binary: BinaryType
    /** The file or server, for the error. */
    readonly name: string
    readonly steps?: readonly Migration[]
  },
): Promise<void> {
  const { binary, name, steps = migrations } = options
  await db.schema
    .createTable('schemaVersion')
    .ifNotExists()
    .addColumn('version', 'integer', (c) => c.notNull())
    .execute()
  const found = await db.selectFrom('schemaVersion').select('version').executeTakeFirst()
  const current = found?.version ?? 0
  if (current > steps.length) {
    throw new LarderError(
      'RT_STORE_DAMAGED',
      `${name} was written by a newer Larder (schema ${current}; this one reads up to ${steps.length}). Run that version, or use another data folder.`,
    )
  }
  for (const [index, step] of steps.entries()) {
    const version = index + 1
    if (version <= current) continue
    await db.transaction().execute(async (tx) => {
      await step(tx, binary)
      await tx.deleteFrom('schemaVersion').execute()
      await tx.insertInto('schemaVersion').values({ version }).execute()
    })
  }
}
