import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { errorMessage, LarderError } from '../../domain/index.ts'
import { writeFileDurably } from '../../runtime/index.ts'
import type { Intervention } from './stepper.ts'

/** Which city a data folder holds. */
export interface CityKind {
  readonly seed: number
  readonly size: string
  /** Folder of recordings, or null for the simulated city. */
  readonly replay: string | null
}

/** One moment of everything: the world, the devices, what they have not got acknowledged, and the people of the client's side. */
export interface Snapshot {
  readonly version: 1
  readonly world: unknown
  readonly fleet: unknown
  readonly unacknowledged: Readonly<Record<string, readonly string[]>>
  readonly client: {
    readonly transfers: unknown
    readonly customers: unknown
    /** Absent in a city that was saved before it told what is known outside. */
    readonly context?: unknown
  }
}

/** A note between snapshots: what was done to the world, or what people have in mind since. */
type Note = { readonly done: Intervention } | { readonly client: Snapshot['client'] }

export interface WorldFile {
  /** When the city begins: what was said first, so that an introduction cut short starts over with the same city. */
  begin(startAt: number, kind: CityKind): number
  /** The last snapshot and what was done after it; null where there is none. */
  read(): { readonly snapshot: Snapshot; readonly done: readonly Intervention[] } | null
  /** Replaces the snapshot durably and begins an empty notebook. */
  write(snapshot: Snapshot): void
  /** Survives a kill of the process at once, a power cut with the next snapshot. */
  note(note: Note): void
}

/** `city.json` in the data folder, and beside it the notes since. */
export function openWorldFile(folder: string): WorldFile {
  const file = join(folder, 'city.json')
  const notes = (number: number): string => join(folder, `city-notes-${number}.ndjson`)
  let number = 0
  return {
    begin(startAt, kind) {
      checkCity(folder, kind)
      const known = readStart(folder)
      if (known) return known.startAt
      const { seed, size, replay } = kind
      writeFileDurably(startFile(folder), JSON.stringify({ startAt, seed, size, replay }))
      return startAt
    },
    read() {
      if (!existsSync(file)) return null
      try {
        const stored = JSON.parse(readFileSync(file, 'utf8')) as {
          notes: number
          snapshot: Snapshot
        }
        if ((stored.snapshot.version as number) !== 1)
          throw new LarderError('RT_FILE_UNREADABLE', 'it is of another version')
        number = stored.notes
        const later = readNotes(notes(number))
        const client = later.reduce<Snapshot['client']>(
          (last, note) => ('client' in note ? note.client : last),
          stored.snapshot.client,
        )
        return {
          snapshot: { ...stored.snapshot, client },
          done: later.flatMap((note) => ('done' in note ? [note.done] : [])),
        }
      } catch (error) {
        throw new LarderError(
          'RT_FILE_UNREADABLE',
          `The simulated city in ${file} cannot be read (${errorMessage(error)}). Start afresh with --reset.`,
          { cause: error },
        )
      }
    },
    write(snapshot) {
      writeFileDurably(file, JSON.stringify({ notes: number + 1, snapshot }))
      rmSync(notes(number), { force: true })
      number++
    },
    note(note) {
      appendFileSync(notes(number), `${JSON.stringify(note)}\n`)
    },
  }
}

type Start = CityKind & { readonly startAt: number }

const startFile = (folder: string): string => join(folder, 'city-start.json')

function readStart(folder: string): Start | null {
  const file = startFile(folder)
  if (!existsSync(file)) return null
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Start
  } catch (error) {
    throw new LarderError(
      'RT_FILE_UNREADABLE',
      `${file} cannot be read (${errorMessage(error)}). Start afresh with --reset.`,
      { cause: error },
    )
  }
}

/** Throws with a sentence where the data folder holds another city than the one asked for. */
export function checkCity(folder: string, asked: CityKind): void {
  const there = readStart(folder)
  if (!there) return
  const isSame =
    there.replay === asked.replay &&
    (asked.replay !== null || (there.seed === asked.seed && there.size === asked.size))
  if (isSame) return
  throw new LarderError(
    'RT_WRONG_STATE',
    `The data folder ${folder} holds ${describe(there)}, not ${describe(asked)}. Give this one a folder of its own with --data, or empty this folder with --reset.`,
  )
}

function describe({ seed, size, replay }: CityKind): string {
  return replay === null ? `a simulated city (seed ${seed}, size ${size})` : `a replay of ${replay}`
}

/** A last line cut short by a kill is left out: what it said had not been done. */
function readNotes(file: string): readonly Note[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Note)
}
