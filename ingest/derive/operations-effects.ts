import type { Clock } from '../../domain/index.ts'
import type { OperationsEffects, OperationsStore } from '../../store/index.ts'
import type { Catalogue } from '../catalogue.ts'
import type { PreparedMessage } from '../prepare-batch.ts'
import { createAlarmWatch } from './alarm-watch.ts'
import { createSightings } from './sightings.ts'
import { createStockEvidence } from './stock-evidence.ts'

/** What messages say of devices, stock, alarms, commands, dead letters and context. It remembers what it said: each message once. */
export interface EffectsWatch {
  of(messages: readonly PreparedMessage[]): OperationsEffects
}

export async function createEffectsWatch(deps: {
  readonly operations: OperationsStore
  readonly catalogue: Catalogue
  readonly wall: Clock
}): Promise<EffectsWatch> {
  const { operations, catalogue } = deps
  const alarms = await createAlarmWatch(operations)
  const sightings = createSightings(deps.wall)
  const stock = createStockEvidence(catalogue)
  return {
    of(messages) {
      // Few messages of many: the usual ones are passed over once.
      const rare = messages.filter(({ message }) => message.type !== 'telemetry' || message.news)
      return {
        sightings: sightings.of(messages),
        stock: stock.of(messages),
        alarms: alarms.of(messages),
        deadLetters: rare.flatMap(({ message }) =>
          message.type === 'bad' ? [message.letter] : [],
        ),
        commands: rare.flatMap(({ message }) => message.news?.ask ?? []),
        context: rare.flatMap(({ message }) => (message.type === 'context' ? message.issues : [])),
        births: rare.flatMap(({ message }) => message.news?.birth ?? []),
        commandResults: rare.flatMap(({ message }) => {
          const answered = message.news?.answered
          if (answered)
            return [{ id: answered.id, ...answered.path, ok: true, at: message.receivedAt }]
          if (message.type !== 'result') return []
          const { site, device } = message.topic
          return [{ ...message.result, site, device, at: message.receivedAt }]
        }),
      }
    },
  }
}
