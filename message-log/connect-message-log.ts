import type { MessagePort } from 'node:worker_threads'
import { connectHub } from './hub-port.ts'
import { createPackedMessageLog, type EmbeddedMessageLog } from './packed-message-log.ts'

/** The log of `startMessageLogWorker` in any thread, over a port of its `connect`. `close` ends this connection only. */
export function connectMessageLog(port: MessagePort): EmbeddedMessageLog {
  const connection = connectHub(port)
  return {
    ...createPackedMessageLog(connection.hub),
    close() {
      connection.close()
      return Promise.resolve()
    },
  }
}
