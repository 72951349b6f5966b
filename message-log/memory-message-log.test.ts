import { createMemoryMessageLog } from './memory-message-log.ts'
import { describeMessageLog } from './message-log.contract.ts'

describeMessageLog('the log in memory', () => Promise.resolve(createMemoryMessageLog()))
