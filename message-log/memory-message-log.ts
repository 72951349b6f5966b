import { createBatchHub } from './batch-hub.ts'
import { createMemoryBatchStore } from './memory-batch-store.ts'
import { createPackedMessageLog, type EmbeddedMessageLog } from './packed-message-log.ts'

/** Keeps messages as long as the process lives: for tests and for devices tried out by hand. */
export function createMemoryMessageLog(): EmbeddedMessageLog {
  return createPackedMessageLog(createBatchHub(createMemoryBatchStore(), { tailBytes: 0 }))
}
