/**
 * The durable, ordered log of raw messages. Takes messages from the gateway, gives them in order per device to ingest,
 * and promises that what `append` has answered survives power loss (SQLite) or kill -9 (Kafka).
 */
export * from './batch-records.ts'
export * from './connect-message-log.ts'
export * from './copy-message-log.ts'
export { createKafkaMessageLog } from './kafka/create-kafka-message-log.ts'
export type { KafkaAccess } from './kafka/kafka-access.ts'
export type { KafkaLogOptions } from './kafka/kafka-options.ts'
export { readNewestReceivedAt } from './log-database.ts'
export * from './memory-message-log.ts'
export * from './message-log.ts'
export type { EmbeddedMessageLog, RecordSpan } from './packed-message-log.ts'
export * from './sqlite-message-log.ts'
export * from './start-message-log-worker.ts'
