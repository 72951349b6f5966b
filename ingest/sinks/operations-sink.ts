import type { Applied, Clock } from '../../domain/index.ts'
import type { OperationsBatch, OperationsStore } from '../../store/index.ts'
import type { Catalogue } from '../catalogue.ts'
import { createAlarmWatch } from '../derive/alarm-watch.ts'
import { createSightings } from '../derive/sightings.ts'
import { createStockEvidence } from '../derive/stock-evidence.ts'
import type { PreparedMessage } from '../prepare-batch.ts'
import type { Sink } from './sink.ts'

/** What a batch says of devices, stock, alarms, commands and dead letters, in one transaction of the operations store. */
export async function createOperationsSink(deps: {
  readonly operations: OperationsStore
  readonly catalogue: Catalogue
  readonly wall: Clock
}): Promise<Sink> {
  const { operations, catalogue } = deps
  const group = 'operations'
  const alarms = await createAlarmWatch(operations, catalogue)
  const sightings = createSightings(catalogue, deps.wall)
  const stock = createStockEvidence(catalogue)
  /** Building moves what the watches remember: a batch that is tried again is built only once. */
  let built: OperationsBatch | null = null

  function build(messages: readonly PreparedMessage[], applied: Applied): OperationsBatch {
    return {
      applied,
      sightings: sightings.of(messages),
      stock: stock.of(messages),
      alarms: alarms.of(messages),
      deadLetters: messages.flatMap(({ message }) =>
        message.type === 'bad' ? [message.letter] : [],
      ),
      commands: messages.flatMap(({ message }) => message.news?.ask ?? []),
      births: messages.flatMap(({ message }) => message.news?.birth ?? []),
      commandResults: messages.flatMap(({ message }) => {
        const answered = message.news?.answered
        if (answered)
          return [{ id: answered.id, ...answered.path, ok: true, at: message.receivedAt }]
        if (message.type !== 'result') return []
        const { site, device } = message.topic
        return [{ ...message.result, site, device, at: message.receivedAt }]
      }),
    }
  }

  return {
    group,
    applied: () => operations.applied(group),
    async write(messages, applied) {
      const isSame =
        built?.applied.partition === applied.partition &&
        built.applied.position === applied.position
      built = isSame ? built : build(messages, applied)
      await operations.applyBatch(built!)
      built = null
    },
  }
}
