import type { Settings } from '../../config/index.ts'

const enoughBrokers = 3

/** Kafka acknowledges from memory: what a power cut leaves is decided by how many brokers, and where they are. */
export function kafkaFinding({ messageLog }: Pick<Settings, 'messageLog'>): readonly string[] {
  const brokers = messageLog.brokers.split(',').filter((broker) => broker.trim() !== '')
  if (brokers.length === 0 || brokers.length >= enoughBrokers) return []
  return [
    `The message log has ${brokers.length} of the ${enoughBrokers} Kafka brokers that it takes to survive a power cut: acknowledged messages survive the kill of any process, and a cut only as replicas in separate fault domains. Name ${enoughBrokers} in messageLog.brokers, each with a power supply of its own, and give the topic a replication factor of ${enoughBrokers}.`,
  ]
}
