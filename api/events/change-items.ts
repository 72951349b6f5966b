import type { Change } from '../../domain/index.ts'
import type { OperationsStore } from '../../store/index.ts'
import { resourceView, type View } from '../views.ts'
import type { Zones } from '../zones.ts'

/** A change as clients see it: RFC 3339, and with the resource as it is now where it still is. */
export type ChangeView = Omit<Change, 'at'> & { readonly at: string; readonly item?: View }

export interface ChangePage {
  readonly items: readonly (Change & { readonly item?: View })[]
  /** Number up to which changes were read. */
  readonly until: number
  readonly isFull: boolean
  readonly oldest: number
  readonly newest: number
}

const readAtOnce = 50

/** Reads changes with their items; several changes of one resource on a page become its last. */
export function createChangeReader(
  operations: Pick<OperationsStore, 'changes' | 'get'>,
  zones: Zones,
): { read(after: number, limit: number): Promise<ChangePage> } {
  const withItem = async (change: Change): Promise<Change & { readonly item?: View }> => {
    if (change.state === 'deleted') return change
    const item = await operations.get(change.resource, change.id)
    return item === null ? change : { ...change, item: resourceView(change.resource, item, zones) }
  }
  return {
    async read(after, limit) {
      await zones.load()
      const { changes, oldest, newest } = await operations.changes(after, limit)
      const last = coalesce(changes)
      const items: (Change & { readonly item?: View })[] = []
      for (let i = 0; i < last.length; i += readAtOnce)
        items.push(...(await Promise.all(last.slice(i, i + readAtOnce).map(withItem))))
      return {
        items,
        until: changes.at(-1)?.number ?? after,
        isFull: changes.length >= limit,
        oldest,
        newest,
      }
    },
  }
}

function coalesce(changes: readonly Change[]): readonly Change[] {
  const lastByResource = new Map(
    changes.map((change) => [`${change.resource} ${change.id}`, change.number]),
  )
  return changes.filter(
    (change) => lastByResource.get(`${change.resource} ${change.id}`) === change.number,
  )
}

export function changeView(change: Change & { readonly item?: View }, zones: Zones): ChangeView {
  return { ...change, at: zones.format(null)(change.at) }
}
