import type { LoggedMessage, Position } from '../../domain/index.ts'
import { within } from '../../runtime/index.ts'
import { clientConfig } from './kafka-access.ts'
import { limits, type KafkaLogOptions } from './kafka-options.ts'
import { decodeRecord, offsetOf } from './kafka-record.ts'
import { ask, type KafkaModule, type NativeConsumer, type NativeMessage } from './native-kafka.ts'

/** Single messages by their place, outside any group. */
export interface PlaceReader {
  /** Null where it is damaged, or not there. */
  read(partition: number, position: Position): Promise<LoggedMessage | null>
  close(): Promise<void>
}

const pollMs = 100

export function createPlaceReader(kafka: KafkaModule, options: KafkaLogOptions): PlaceReader {
  let client: NativeConsumer | null = null
  let last: Promise<unknown> = Promise.resolve()

  async function connect(): Promise<NativeConsumer> {
    if (client?.isConnected() === true) return client
    const made = new kafka.KafkaConsumer(
      {
        ...clientConfig(options),
        // A name is demanded; nothing is joined or committed.
        'group.id': `${options.topic}.places`,
        'enable.auto.commit': false,
        'enable.partition.eof': true,
        'queued.min.messages': 1,
        'fetch.wait.max.ms': 50,
      },
      { 'auto.offset.reset': 'earliest' },
    )
    made.on('event.error', () => undefined)
    made.setDefaultConsumeTimeout(pollMs)
    await ask('connecting to the brokers', limits.connectMs + 1000, (done) =>
      made.connect({ timeout: limits.connectMs }, done),
    )
    client = made
    return made
  }

  async function readOne(partition: number, position: Position): Promise<LoggedMessage | null> {
    const from = await connect()
    const offset = offsetOf(position)
    from.assign([{ topic: options.topic, partition, offset }])
    const deadline = performance.now() + limits.askMs
    while (performance.now() < deadline) {
      const [message] = await ask<readonly NativeMessage[]>(
        'reading a message',
        limits.askMs,
        (done) => from.consume(1, done),
      )
      if (message?.partition !== partition) continue
      if (message.offset < offset) continue
      return message.offset === offset ? decodeRecord(message.value, position) : null
    }
    return null
  }

  return {
    read(partition, position) {
      const reading = last.then(() => readOne(partition, position))
      last = reading.catch(() => undefined)
      return reading
    },
    async close() {
      await within(limits.closeMs, last)
      const open = client
      if (open?.isConnected() === true)
        await within(limits.closeMs, new Promise<void>((resolve) => open.disconnect(resolve)))
    },
  }
}
