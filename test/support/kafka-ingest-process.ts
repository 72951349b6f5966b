import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Value from 'typebox/value'
import { Settings } from '../../config/index.ts'
import { startIngest } from '../../ingest/index.ts'
import { createKafkaMessageLog } from '../../message-log/index.ts'
import { createLogger, createMetrics, createRandom, wallClock } from '../../runtime/index.ts'
import { createPostgresOperationsStore, createSqliteSeriesStore } from '../../store/index.ts'

/**
 * One of several processes of ingest: Kafka brokers, topic and PostgreSQL from the command line, a series store of its own.
 * Prints what it has applied, five times a second; ends on SIGTERM.
 */
const [, , brokers = '', topic = '', url = ''] = process.argv
const settings = Value.Create(Settings)
const random = createRandom(process.pid)
const logger = createLogger('warn')
const folder = mkdtempSync(join(tmpdir(), 'larder-ingest-'))
const log = await createKafkaMessageLog({
  ...{ brokers, topic, partitions: 6, keepDays: 7, keepMegabytes: 100, random, logger },
  sessionTimeoutMs: 3000,
})
const series = createSqliteSeriesStore({ file: join(folder, 'series.db') })
const operations = await createPostgresOperationsStore({ url, random, logger })
const ingest = await startIngest({
  ...{ log, series, operations, clock: wallClock, wall: wallClock, random, logger },
  metrics: createMetrics({ withProcess: false }),
  settings: { ...settings.ingest, batchMessages: 50 },
  onDeath(error) {
    console.error(error)
    process.exit(1)
  },
})
setInterval(() => console.log(JSON.stringify(ingest.counts())), 200)
process.on('SIGTERM', () => {
  void (async () => {
    await ingest.stop()
    await log.close()
    await series.close()
    await operations.close()
    rmSync(folder, { recursive: true, force: true })
    process.exit(0)
  })()
})
