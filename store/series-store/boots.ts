import type Database from 'better-sqlite3'

/** Boot ids repeat: rows carry their numbers. */
export interface Boots {
  /** Adds the boot where it is new, in the transaction of the caller. */
  idOf(boot: string): number
  readonly textOf: (id: number) => string
  /** After a transaction was rolled back: its numbers are none. */
  forget(): void
}

/** Past this many the memory is emptied and filled again from the table. */
const mostInMemory = 100_000

export function createBoots(db: Database.Database): Boots {
  const find = db.prepare('SELECT id FROM boots WHERE boot = ?').pluck()
  const add = db.prepare('INSERT INTO boots (boot) VALUES (?) RETURNING id').pluck()
  const text = db.prepare('SELECT boot FROM boots WHERE id = ?').pluck()
  const ids = new Map<string, number>()
  const texts = new Map<number, string>()

  function remember(boot: string, id: number): void {
    if (ids.size >= mostInMemory || texts.size >= mostInMemory) forget()
    ids.set(boot, id)
    texts.set(id, boot)
  }

  function forget(): void {
    ids.clear()
    texts.clear()
  }

  return {
    idOf(boot) {
      const known = ids.get(boot)
      if (known !== undefined) return known
      const id = (find.get(boot) ?? add.get(boot)) as number
      remember(boot, id)
      return id
    },
    textOf(id) {
      const known = texts.get(id)
      if (known !== undefined) return known
      const boot = (text.get(id) as string | undefined) ?? ''
      remember(boot, id)
      return boot
    },
    forget,
  }
}
