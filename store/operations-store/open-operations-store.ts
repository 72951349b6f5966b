import { createLogger, createRandom } from '../../runtime/index.ts'
import { watchDamage } from '../watch-damage.ts'
import type { OperationsStore } from './operations-store.ts'
import { createSqliteOperationsStore } from './sqlite-operations-store.ts'

/** Where the operations store is: a PostgreSQL database where there is an address, else a file of this process. */
export interface OperationsPlace {
  readonly file: string
  /** Absent or empty: the file. */
  readonly url?: string
}

export async function openOperationsStore(place: OperationsPlace): Promise<OperationsStore> {
  if (!place.url)
    return watchDamage(await createSqliteOperationsStore({ file: place.file }), place.file)
  // Loaded when chosen: one box does not pay for a driver that it does not use.
  const { createPostgresOperationsStore } = await import('./postgres-operations-store.ts')
  return createPostgresOperationsStore({
    url: place.url,
    random: createRandom(process.pid),
    logger: createLogger('warn').child({ store: 'operations' }),
  })
}
