import { startMessageLogWorker } from '../../message-log/index.ts'
import { silentLogger, wallClock } from '../../runtime/index.ts'
import { startTestGateway } from './start-test-gateway.ts'

/**
 * A gateway over the log file named on the command line, with the device s1/d1; prints its port and that device's login.
 * The long wait for a batch leaves a kill much to hit that is received and not yet durable.
 */
const log = await startMessageLogWorker({
  file: process.argv[2]!,
  settings: { keepDays: 7, keepMegabytes: 1000 },
  clock: wallClock,
  logger: silentLogger,
  onDeath: (error) => {
    throw error
  },
})
const { gateway, registry } = await startTestGateway(log.log, {}, { batchWaitMs: 50 })
console.log(JSON.stringify({ port: gateway.port, ...registry.addDevice('s1', 'd1') }))
