import type { Crew } from './crew.ts'
import type { EpochRows } from './hand.ts'
import type { Scaling } from './loss.ts'

/** The rows of the epochs, built once for all members, in as many stores as there are. */
export interface EpochQueue {
  /** Rows of an epoch that this member is at; they stay until it says how far it is. */
  take(epoch: number): Promise<EpochRows>
  /** The member has done with all epochs before this one; Infinity where it takes no more. */
  moveOn(member: number, epoch: number): void
}

/**
 * Builds ahead of the members while a store is free: building takes as long as learning, so the next epoch is built by a hand
 * that has nothing to learn. `numberOf` says which origins an epoch has; `end` may come nearer, never go further.
 */
export function createEpochQueue(options: {
  readonly crew: Crew
  readonly stores: number
  /** The epoch that each member begins with. */
  readonly starts: ReadonlyMap<number, number>
  readonly end: () => number
  readonly numberOf: (epoch: number) => number
  /** Known already where training goes on from a checkpoint. */
  readonly scaling: Scaling | null
  readonly onBuilt: (rows: EpochRows, tookMs: number) => void
  readonly now: () => number
}): EpochQueue {
  const { crew, now } = options
  const places = new Map(options.starts)
  const free = Array.from({ length: options.stores }, (_, store) => store)
  const built = new Map<number, { readonly store: number; readonly rows: Promise<EpochRows> }>()
  const waiting = new Map<number, (() => void)[]>()
  let next = Math.min(...places.values())
  let scaling: Promise<Scaling> | null =
    options.scaling === null ? null : Promise.resolve(options.scaling)

  const build = async (epoch: number, store: number): Promise<EpochRows> => {
    const given = scaling === null ? null : await scaling
    return crew.run(async (hand) => {
      const startedAt = now()
      const rows = await hand.build(options.numberOf(epoch), store, given)
      options.onBuilt(rows, now() - startedAt)
      return rows
    })
  }

  const pump = (): void => {
    const slowest = Math.min(...places.values())
    for (const [epoch, { store }] of built) {
      if (epoch >= slowest) continue
      built.delete(epoch)
      free.push(store)
    }
    while (free.length > 0 && next < options.end()) {
      const epoch = next++
      const store = free.shift()!
      const rows = build(epoch, store)
      // Whoever takes them hears of a failure; rows built ahead of a stop have no one.
      rows.catch(() => undefined)
      scaling ??= rows.then(({ scaling }) => scaling)
      scaling.catch(() => undefined)
      built.set(epoch, { store, rows })
      for (const go of waiting.get(epoch) ?? []) go()
      waiting.delete(epoch)
    }
  }

  return {
    async take(epoch) {
      pump()
      if (!built.has(epoch)) {
        await new Promise<void>((go) => waiting.set(epoch, [...(waiting.get(epoch) ?? []), go]))
      }
      return built.get(epoch)!.rows
    },
    moveOn(member, epoch) {
      if (epoch === Infinity) places.delete(member)
      else places.set(member, epoch)
      pump()
    },
  }
}
