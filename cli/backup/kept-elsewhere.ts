import type { Settings } from '../../config/index.ts'

/** What of an installation is in no data folder, with the tool that backs it up and when to run it. */
export function keptElsewhere({
  operations,
  series,
  messageLog,
}: Pick<Settings, 'operations' | 'series' | 'messageLog'>): readonly string[] {
  const sentences = []
  if (operations.url !== '')
    sentences.push(
      'The operations store is a PostgreSQL database and is not in this backup. Dump it before each backup, so that the message log has what it lacks: pg_dump --format=custom --file operations.dump "$LARDER_OPERATIONS_URL". Bring it back into an empty database before Larder starts on what is restored: pg_restore --dbname "$LARDER_OPERATIONS_URL" operations.dump.',
    )
  if (series.url !== '')
    sentences.push(
      `The readings are in InfluxDB and not in this backup. Back them up after PostgreSQL and before the log: influx backup --bucket ${series.bucket} FOLDER; influx restore FOLDER brings them back.`,
    )
  if (messageLog.brokers !== '')
    sentences.push(
      'The message log is in Kafka and not in this backup: its brokers keep it in several copies, and what the restored stores lack is read from it, as far as messageLog.keepDays goes. Copies on one machine, or in one room, are lost together: only replicas in separate fault domains (topic with a replication factor of 3 and min.insync.replicas 2) survive a power cut.',
    )
  return sentences
}
