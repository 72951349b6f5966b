import { parentPort, workerData } from 'node:worker_threads'
import { errorMessage, LarderError } from '../domain/index.ts'
import { wallClock } from '../runtime/index.ts'
import type { BatchHub } from './batch-hub.ts'
import { serveHub } from './hub-port.ts'
import type { LogWorkerData, LogWorkerNews, LogWorkerRequest } from './log-worker-protocol.ts'
import { openSqliteBatchHub } from './sqlite-message-log.ts'

const owner = parentPort!
const tell = (news: LogWorkerNews): void => owner.postMessage(news)

function open(): BatchHub | null {
  try {
    return openSqliteBatchHub(
      {
        file: (workerData as LogWorkerData).file,
        wall: wallClock,
        notice: (words) => tell({ kind: 'notice', words }),
      },
      (error) => {
        // The refusals of this turn leave first; then the process ends and starts again on what is really on the disk.
        setTimeout(() => {
          throw error
        }, 50)
      },
    )
  } catch (error) {
    const code = error instanceof LarderError ? error.code : 'RT_INTERNAL'
    tell({ kind: 'failed', code, words: errorMessage(error) })
    return null
  }
}

const hub = open()
if (hub) {
  owner.on('message', (request: LogWorkerRequest) => {
    if (request.kind === 'connect') serveHub(hub, request.port)
    else void hub.close().then(() => tell({ kind: 'closed' }))
  })
  tell({ kind: 'ready' })
} else owner.close()
