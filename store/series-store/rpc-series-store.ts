import type { MessagePort } from 'node:worker_threads'
import { connectRpc } from '../../runtime/index.ts'
import type { SeriesStore } from './series-store.ts'

/** The series store served at the other end of a port. Closing it closes the port, not the store. */
export function connectSeriesStore(port: MessagePort): SeriesStore {
  const client = connectRpc<SeriesStore>(port)
  const { remote } = client
  return {
    write: (readings, applied) => remote.write(readings, applied),
    applied: (group) => remote.applied(group),
    range: (query) => remote.range(query),
    latest: (query) => remote.latest(query),
    hourly: (query) => remote.hourly(query),
    watermarks: () => remote.watermarks(),
    stats: () => remote.stats(),
    prune: (before, rollupsBefore) => remote.prune(before, rollupsBefore),
    async close() {
      client.close()
      await Promise.resolve()
    },
  }
}
