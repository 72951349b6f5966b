import type { MasterData, Site } from '../../domain/index.ts'
import type { ApiContext } from '../context.ts'

/** A row as it stands in the file, empty cells left out. */
export type Row = Readonly<Record<string, string>>

export interface LineProblem {
  readonly line: number
  readonly words: string
}

export interface Lined<T> {
  readonly line: number
  readonly item: T
}

/** How one kind of file is read and written: told by its header, read row by row, written in batches. */
export interface ImportKind<T> {
  readonly name: string
  readonly required: readonly string[]
  readonly optional: readonly string[]
  /** Throws a LarderError whose words say what is wrong with the row. */
  read(row: Row, known: Known): T
  /** The rows that could not be written, and why. */
  write(items: readonly Lined<T>[], context: ApiContext): Promise<readonly LineProblem[]>
}

/** What rows may speak of, as it was when the import began. */
export interface Known {
  readonly sites: ReadonlyMap<string, Site>
  readonly products: ReadonlyMap<string, MasterData['products']>
  readonly now: number
  /** Starts of hours by zone and text: a file says the same hours again for every series. */
  readonly hours: Map<string, number>
}
