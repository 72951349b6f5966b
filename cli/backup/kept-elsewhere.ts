import type { Settings } from '../../config/index.ts'

/** What of an installation is in no data folder, with the tool that backs it up and when to run it. */
export function keptElsewhere({ operations }: Pick<Settings, 'operations'>): readonly string[] {
  if (operations.url === '') return []
  return [
    'The operations store is a PostgreSQL database and is not in this backup. Dump it before each backup, so that the message log has what it lacks: pg_dump --format=custom --file operations.dump "$LARDER_OPERATIONS_URL". Bring it back into an empty database before Larder starts on the restored folder: pg_restore --dbname "$LARDER_OPERATIONS_URL" operations.dump.',
  ]
}
