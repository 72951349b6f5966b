import { readFileSync } from 'node:fs'

/** One call as fault-shim.c wrote it down; `error` is its errno, 0 where it worked. */
export type FileCall =
  | { kind: 'open'; handle: number; path: string; isCreated: boolean; isEmptied: boolean }
  | { kind: 'write'; handle: number; offset: number; bytes: Buffer }
  | { kind: 'truncate'; handle: number; size: number }
  | { kind: 'sync'; handle: number; isFailed: boolean }
  | { kind: 'rename'; from: string; to: string }
  | { kind: 'unlink' | 'mkdir'; path: string }
  | { kind: 'mark'; value: unknown }

const kinds = ['', 'open', 'write', 'truncate', 'sync', 'rename', 'unlink', 'mkdir', 'mark']
const headBytes = 24

/** The calls that changed something, in order; of the failed ones only syncs, whose data may be gone for ever. */
export function readJournal(file: string): FileCall[] {
  const journal = readFileSync(file)
  const calls: FileCall[] = []
  for (let at = 0; at < journal.length;) {
    const kind = kinds[journal.readUInt32LE(at)]!
    const handle = journal.readUInt32LE(at + 4)
    const offset = Number(journal.readBigUInt64LE(at + 8))
    const end = at + headBytes + journal.readUInt32LE(at + 16)
    const isFailed = journal.readInt32LE(at + 20) !== 0
    const bytes = journal.subarray(at + headBytes, end)
    at = end
    if (isFailed && kind !== 'sync') continue
    const text = kind === 'write' ? '' : bytes.toString()
    if (kind === 'open') {
      const [isCreated, isEmptied] = [(offset & 1) !== 0, (offset & 2) !== 0]
      calls.push({ kind, handle, path: text, isCreated, isEmptied })
    } else if (kind === 'write') calls.push({ kind, handle, offset, bytes })
    else if (kind === 'truncate') calls.push({ kind, handle, size: offset })
    else if (kind === 'sync') calls.push({ kind, handle, isFailed })
    else if (kind === 'rename') {
      const [from = '', to = ''] = text.split('\0')
      calls.push({ kind, from, to })
    } else if (kind === 'unlink' || kind === 'mkdir') calls.push({ kind, path: text })
    else calls.push({ kind: 'mark', value: JSON.parse(text) as unknown })
  }
  return calls
}
