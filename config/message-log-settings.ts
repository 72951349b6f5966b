import { Type } from 'typebox'
import { choice, closed, flag, number, text, whole } from './setting.ts'

/** The message log: a file of the data folder, or a topic on Kafka. */
export const MessageLogSettings = Type.Object(
  {
    brokers: text(
      '',
      'Kafka brokers that keep the log (host:9092,…); empty: a file of the data folder. Needs npm run setup:kafka.',
    ),
    tls: flag(
      false,
      'on: connections to the brokers are encrypted, and their certificates are checked.',
    ),
    ca: text(
      '',
      'PEM file of the authorities that signed the certificates of the brokers; empty: the public ones.',
    ),
    cert: text(
      '',
      'PEM file of the certificate that is shown to the brokers, where they ask for one.',
    ),
    key: text('', 'PEM file of its private key.'),
    username: text('', 'Who logs in to the brokers; empty: nobody.'),
    passwordFile: text('', 'File with the password of that user.'),
    mechanism: choice(
      ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'],
      'SCRAM-SHA-512',
      'How that user logs in. PLAIN sends the password itself: with messageLog.tls only.',
    ),
    topic: text('larder-messages', 'The topic of the log on Kafka; made where it is absent.'),
    partitions: whole(
      12,
      1,
      10_000,
      'Partitions of a topic that is made: as many processes can share ingest. Sites are shared out over them; it cannot be changed later.',
    ),
    keepDays: number(7, 0.01, 3650, 'Raw messages are kept so long, in city days.'),
    keepMegabytes: whole(2048, 16, 1_000_000, 'And at most so many megabytes of them.'),
    batchWaitMs: number(
      2,
      0,
      100,
      'Longest wait for more messages before a batch is made durable while another one is.',
    ),
    batchMessages: whole(2000, 1, 100_000, 'Most messages of one batch.'),
    maxWaitingMegabytes: whole(
      64,
      1,
      4096,
      'Messages waiting for the disk, in megabytes of memory, at which the gateway stops reading its connections, until half is written.',
    ),
  },
  closed,
)
