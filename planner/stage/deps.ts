import type { Settings } from '../../config/index.ts'
import type { Clock } from '../../domain/index.ts'
import type { Logger, Registry } from '../../runtime/index.ts'
import type { OperationsStore, ResourceFilter, Resources, SeriesStore } from '../../store/index.ts'

export interface PlannerDeps {
  readonly operations: OperationsStore
  readonly series: SeriesStore
  /** The city's. */
  readonly clock: Clock
  /** The wall's: for the time limit of a search. */
  readonly wall: Clock
  readonly logger: Logger
  readonly metrics: Registry
  readonly settings: Settings['planner']
  /** Proposals approve themselves after so many city minutes; 0: never. */
  readonly autoApproveMinutes: number
  /** What the operations store may drop is kept so many city days. */
  readonly keepDays: number
  /** City milliseconds per wall millisecond, at most. */
  readonly clockSpeed: number
  /** Milliseconds since any moment, which nobody sets. */
  readonly passedMs?: () => number
}

const pageSize = 1000
const mostItems = 50_000

/** All pages of a list, up to a bound. */
export async function listAll<K extends keyof Resources>(
  operations: OperationsStore,
  kind: K,
  filter: Omit<ResourceFilter, 'limit' | 'cursor'>,
): Promise<readonly Resources[K][]> {
  const items: Resources[K][] = []
  let cursor: string | undefined
  do {
    const page = await operations.list(kind, { ...filter, limit: pageSize, cursor })
    items.push(...page.items)
    cursor = page.next ?? undefined
  } while (cursor !== undefined && items.length < mostItems)
  return items
}
