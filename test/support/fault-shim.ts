import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

export type FaultMode = 'none' | 'io-error' | 'no-space' | 'short-write' | 'sync-error'

const modes: readonly FaultMode[] = ['none', 'io-error', 'no-space', 'short-write', 'sync-error']
/** The struct of fault-shim.c, in 32-bit words. */
const word = { isOn: 0, mode: 1, atCall: 2, calls: 3, fired: 4 } as const
const controlBytes = 64

/** Tells a process that runs under the shim what to record and what to fail; works in that process and beside it. */
export interface FaultControl {
  /** Calls are counted and recorded from here on, from call 1. */
  start(fault?: { readonly mode: FaultMode; readonly atCall: number }): void
  stop(): void
  /** The fault from the next call on, in the middle of a run. */
  failNext(mode: FaultMode): void
  /** No fault from here on: there is space again, the disk is well. */
  mend(): void
  calls(): number
  fired(): number
}

export function openFaultControl(file: string): FaultControl {
  const descriptor = openSync(file, 'r+')
  const bytes = Buffer.alloc(4)
  const set = (index: number, value: number): void => {
    bytes.writeUInt32LE(value)
    writeSync(descriptor, bytes, 0, 4, index * 4)
  }
  const get = (index: number): number => {
    readSync(descriptor, bytes, 0, 4, index * 4)
    return bytes.readUInt32LE()
  }
  return {
    start(fault) {
      set(word.calls, 0)
      set(word.fired, 0)
      set(word.atCall, fault?.atCall ?? 0)
      set(word.mode, modes.indexOf(fault?.mode ?? 'none'))
      set(word.isOn, 1)
    },
    stop: () => set(word.isOn, 0),
    failNext(mode) {
      set(word.fired, 0)
      set(word.atCall, get(word.calls) + 1)
      set(word.mode, modes.indexOf(mode))
      set(word.isOn, 1)
    },
    mend: () => set(word.mode, 0),
    calls: () => get(word.calls),
    fired: () => get(word.fired),
  }
}

export interface FaultShim {
  /** The environment of a process to run under the shim. */
  readonly env: Record<string, string>
  readonly control: FaultControl
  readonly journal: string
}

/** Compiles the shim into `work` for a process that keeps its files under `folder`; both must be real paths. */
export function buildFaultShim(work: string, folder: string): FaultShim {
  const library = join(work, 'fault-shim.so')
  const source = join(import.meta.dirname, 'fault-shim.c')
  const compiled = spawnSync('gcc', ['-shared', '-fPIC', '-O1', '-pthread', '-o', library, source])
  if (compiled.error || compiled.status !== 0) {
    throw new Error(
      `The fault shim could not be built: ${compiled.error?.message ?? compiled.stderr.toString()}. It needs gcc and the C library's headers: on Debian, apt-get install gcc libc6-dev.`,
    )
  }
  const control = join(work, 'control')
  const journal = join(work, 'journal')
  writeFileSync(control, Buffer.alloc(controlBytes))
  writeFileSync(journal, '')
  return {
    env: {
      LD_PRELOAD: library,
      FAULT_FOLDER: folder,
      FAULT_CONTROL: control,
      FAULT_JOURNAL: journal,
      FAULT_MARKS: join(work, 'marks'),
    },
    control: openFaultControl(control),
    journal,
  }
}

/** For one process alone: the descriptor of the file whose writes become marks in the journal. */
export function openMarks(): { mark(value: unknown): void; close(): void } {
  const descriptor = openSync(process.env.FAULT_MARKS!, 'w')
  return {
    mark: (value) => void writeSync(descriptor, JSON.stringify(value)),
    close: () => closeSync(descriptor),
  }
}
