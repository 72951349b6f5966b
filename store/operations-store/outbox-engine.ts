import type { Kysely } from 'kysely'
import type { RegistryChange, ResourceKind } from '../../domain/index.ts'
import type { Tables } from './schema.ts'

/** A resource whose state a transaction changed. */
export interface Touched {
  readonly resource: ResourceKind
  readonly id: string
  readonly at: number
}

/** What differs between databases: how a transaction runs, and how its changes come to be numbered and told. */
export interface OutboxEngine {
  /** Runs the work as if nothing else ran; may run it again, from the start, where it met another transaction. */
  transact<T>(work: (tx: Kysely<Tables>) => Promise<T>): Promise<T>
  /** Leaves the changes in the transaction that made them; their newest number where it is known already. */
  write(
    tx: Kysely<Tables>,
    touched: readonly Touched[],
    told: readonly RegistryChange[],
  ): Promise<number | null>
  /**
   * After the commit, and never failing: readers see the changes, numbered without a gap, when it resolves. A transaction
   * still open elsewhere, or a database that went away, holds them back.
   */
  committed(done: {
    readonly newest: number | null
    readonly touched: readonly Touched[]
    readonly told: readonly RegistryChange[]
  }): Promise<void>
}

/** Told of commits, of this process or another. */
export interface OutboxListener {
  changed(newest: number): void
  registry(change: RegistryChange): void
}
