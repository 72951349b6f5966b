import { createBatchHub } from './batch-hub.ts'
import { createMemoryBatchStore } from './memory-batch-store.ts'
import type { MessageLog } from './message-log.ts'
import { createPackedMessageLog } from './packed-message-log.ts'

/** Keeps messages as long as the process lives: for tests and for devices tried out by hand. */
export function createMemoryMessageLog(): MessageLog {
  return createPackedMessageLog(createBatchHub(createMemoryBatchStore(), { tailBytes: 0 }))
}
