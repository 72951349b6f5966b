import type { Applied, Position } from '../../domain/index.ts'
import type { PreparedMessage } from '../prepare-batch.ts'

/** Where batches end. A sink keeps `applied` in the transaction of its rows, and its group is its own. */
export interface Sink {
  readonly group: string
  applied(): Promise<ReadonlyMap<number, Position>>
  /** Messages beyond what the sink has applied, in log order. Safe to call again after an error. */
  write(messages: readonly PreparedMessage[], applied: Applied): Promise<void>
}
