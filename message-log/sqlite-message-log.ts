import { createBatchHub, type BatchHub } from './batch-hub.ts'
import { createPackedMessageLog, type EmbeddedMessageLog } from './packed-message-log.ts'
import { openSqliteBatchStore, type SqliteBatchStoreDeps } from './sqlite-batch-store.ts'

/** What of the newest messages is kept in memory for readers close behind. */
const tailBytes = 16 * 1024 * 1024

export function openSqliteBatchHub(
  deps: SqliteBatchStoreDeps,
  onBroken?: (error: Error) => void,
): BatchHub {
  return createBatchHub(openSqliteBatchStore(deps), {
    tailBytes,
    ...(onBroken ? { onBroken } : {}),
  })
}

/** The log on this thread: for tools and tests; a running Larder keeps it in a worker thread. */
export function openSqliteMessageLog(deps: SqliteBatchStoreDeps): EmbeddedMessageLog {
  return createPackedMessageLog(openSqliteBatchHub(deps))
}
