import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Random } from '../../domain/index.ts'
import type { FileCall } from './fault-journal.ts'

/**
 * What a power cut may leave of data that was written and not synced: all of it, none, some writes, some in another order,
 * the last one in part, single sectors of any of them, or noise where it should be.
 */
export const dataFates = [
  'kept', 'lost', 'dropped', 'reordered', 'torn', 'sectors', 'noise',
] as const // prettier-ignore
export type DataFate = (typeof dataFates)[number]
/** What it may leave of names made, moved or removed in a folder that was not synced since: all, none, or the first few. */
export const nameFates = ['kept', 'lost', 'some'] as const
export type NameFate = (typeof nameFates)[number]

/** Files by path relative to the root; null is a folder. */
export type DiskImage = ReadonlyMap<string, Buffer | null>

type Change = { at: number; bytes: Buffer } | { size: number }
interface File {
  visible: Buffer
  durable: Buffer
  /** Since the last sync, in order. */
  pending: Change[]
}
type Entry = File | 'folder'
interface NameChange {
  readonly path: string
  readonly entry: Entry | null
}

const sectorBytes = 512

/** A disk on which recorded calls are done again, one at a time, and which can be looked at as a power cut would leave it. */
export interface CrashDisk {
  apply(call: FileCall): void
  afterPowerCut(data: DataFate, names: NameFate, random: Random): DiskImage
}

export function createCrashDisk(root: string): CrashDisk {
  const names = new Map<string, Entry>([[root, 'folder']])
  const durableNames = new Map<string, Entry>([[root, 'folder']])
  let nameChanges: NameChange[] = []
  const handles = new Map<number, { path: string; file: Entry | undefined }>()

  const name = (path: string, entry: Entry | null): void => {
    set(names, { path, entry })
    nameChanges.push({ path, entry })
  }

  const fileOf = (handle: number): File => {
    const file = handles.get(handle)?.file
    if (!file || file === 'folder') throw new Error(`handle ${handle} is no file`)
    return file
  }

  const change = (file: File, one: Change): void => {
    file.visible = changed(file.visible, one)
    file.pending.push(one)
  }

  const sync = (handle: number, isFailed: boolean): void => {
    const { path, file } = handles.get(handle)!
    if (file === 'folder') {
      if (isFailed) return
      for (const one of nameChanges) if (dirname(one.path) === path) set(durableNames, one)
      nameChanges = nameChanges.filter((one) => dirname(one.path) !== path)
      return
    }
    if (!file) return
    // After a failed sync the system thinks these pages clean: readers see them, and the disk never gets them.
    if (!isFailed) for (const one of file.pending) file.durable = changed(file.durable, one)
    file.pending = []
  }

  return {
    apply(call) {
      switch (call.kind) {
        case 'open': {
          const { path, handle } = call
          if (call.isCreated && !names.has(path))
            name(path, { visible: Buffer.alloc(0), durable: Buffer.alloc(0), pending: [] })
          const file = names.get(path)
          handles.set(handle, { path, file })
          if (call.isEmptied && !call.isCreated) change(fileOf(handle), { size: 0 })
          break
        }
        case 'write':
          change(fileOf(call.handle), { at: call.offset, bytes: call.bytes })
          break
        case 'truncate':
          change(fileOf(call.handle), { size: call.size })
          break
        case 'sync':
          sync(call.handle, call.isFailed)
          break
        case 'rename':
          name(call.to, names.get(call.from)!)
          name(call.from, null)
          break
        case 'unlink':
          name(call.path, null)
          break
        case 'mkdir':
          name(call.path, 'folder')
          break
        case 'mark':
          break
      }
    },
    afterPowerCut(data, nameFate, random) {
      const left = new Map(durableNames)
      const some = Math.floor(random.next() * (nameChanges.length + 1))
      const count = { kept: nameChanges.length, lost: 0, some }[nameFate]
      for (const one of nameChanges.slice(0, count)) set(left, one)
      const image = new Map<string, Buffer | null>()
      for (const [path, entry] of left) {
        if (path === root || left.get(dirname(path)) !== 'folder') continue
        const relative = path.slice(root.length + 1)
        image.set(relative, entry === 'folder' ? null : contentAfter(entry, data, random))
      }
      return image
    },
  }
}

function set(names: Map<string, Entry>, { path, entry }: NameChange): void {
  if (entry) names.set(path, entry)
  else names.delete(path)
}

function changed(content: Buffer, change: Change): Buffer {
  if ('size' in change) return resized(content, change.size)
  const { at, bytes } = change
  const grown = resized(content, Math.max(content.length, at + bytes.length))
  bytes.copy(grown, at)
  return grown
}

function resized(content: Buffer, size: number): Buffer {
  const copy = Buffer.alloc(size)
  content.copy(copy)
  return copy
}

function contentAfter(file: File, fate: DataFate, random: Random): Buffer {
  if (fate === 'kept') return file.visible
  let content = file.durable
  for (const one of survivors(file.pending, fate, random)) content = changed(content, one)
  return content
}

function survivors(pending: readonly Change[], fate: DataFate, random: Random): readonly Change[] {
  switch (fate) {
    case 'kept':
      return pending
    case 'lost':
      return []
    case 'dropped':
      return pending.filter(() => random.next() < 0.5)
    case 'reordered':
      return shuffled(pending, random).slice(0, Math.ceil(random.next() * pending.length))
    case 'torn': {
      const last = pending.at(-1)
      if (!last || 'size' in last) return pending
      const unit = random.next() < 0.5 ? 1 : sectorBytes
      const kept = Math.floor((random.next() * last.bytes.length) / unit) * unit
      return [...pending.slice(0, -1), { at: last.at, bytes: last.bytes.subarray(0, kept) }]
    }
    case 'sectors':
      return pending.flatMap(toSectors).filter(() => random.next() < 0.5)
    case 'noise':
      return pending.flatMap(toSectors).map((one) => {
        if ('size' in one || random.next() < 0.6) return one
        return { at: one.at, bytes: one.bytes.map(() => Math.floor(random.next() * 256)) as Buffer }
      })
  }
}

function shuffled(changes: readonly Change[], random: Random): Change[] {
  return changes
    .map((change) => ({ change, key: random.next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ change }) => change)
}

function toSectors(change: Change): Change[] {
  if ('size' in change) return [change]
  const parts: Change[] = []
  const { at, bytes } = change
  for (let from = 0; from < bytes.length;) {
    const end = Math.min(bytes.length, from + sectorBytes - ((at + from) % sectorBytes))
    parts.push({ at: at + from, bytes: bytes.subarray(from, end) })
    from = end
  }
  return parts
}

export function writeImage(folder: string, image: DiskImage): void {
  mkdirSync(folder, { recursive: true })
  for (const [path, content] of [...image].sort(([a], [b]) => a.length - b.length))
    if (content) writeFileSync(join(folder, path), content)
    else mkdirSync(join(folder, path), { recursive: true })
}
