import type { ColdLog } from './cold-log.ts'
import type { FreshRetail } from './fresh-retail.ts'
import type { Pedestrians } from './pedestrians.ts'

export interface Recordings {
  readonly sales: FreshRetail
  readonly footfall: Pedestrians | null
  /** By room: `chilled-1`, `frozen-1`, `chilled-2`. */
  readonly cold: ReadonlyMap<string, ColdLog>
}
