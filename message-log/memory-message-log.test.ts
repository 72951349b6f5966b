import { createMemoryMessageLog } from './memory-message-log.ts'
import { describeEmbeddedMessageLog } from './embedded-message-log.contract.ts'
import { describeMessageLog, describePruning } from './message-log.contract.ts'

describeMessageLog('the log in memory', () => Promise.resolve(createMemoryMessageLog()))
describePruning('the log in memory', () => Promise.resolve(createMemoryMessageLog()))
describeEmbeddedMessageLog('the log in memory', () => Promise.resolve(createMemoryMessageLog()))
