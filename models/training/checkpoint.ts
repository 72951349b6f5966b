import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFile, sha256 } from '../network-model.ts'
import type { OptimizerState } from './optimizer.ts'
import type { Schedule } from './budget.ts'
import type { HeldOut } from './held-out.ts'
import type { Scaling } from './loss.ts'

/** Where an interrupted training goes on: everything that the next epochs depend on. */
export interface Checkpoint {
  /** What it belongs to: another history, seed or plan starts afresh. */
  readonly key: string
  readonly schedule: Schedule
  readonly scaling: Scaling
  /** Once the held-out days have been forecast. */
  readonly heldOut: HeldOut | null
  readonly members: readonly MemberMark[]
  readonly spentMs: number
}

export interface MemberMark {
  readonly seed: number
  readonly epochs: number
  /** False where it diverged twice and is left out. */
  readonly isAlive: boolean
}

export interface CheckpointFile {
  /**
   * Puts the states of the members where they were, and says of each how far that is (of one without a state what `members`
   * says); null where there is no checkpoint that fits and is whole.
   */
  load(
    key: string,
    states: readonly OptimizerState[],
    members: readonly MemberMark[],
  ): Promise<Checkpoint | null>
  /** Keeps the state of one member and how far it is; of the others what was kept last. Calls are written in turn. */
  save(checkpoint: Checkpoint, member: number, state: OptimizerState): Promise<void>
  remove(): Promise<void>
}

interface Kept {
  readonly mark: MemberMark
  readonly file: string
  readonly steps: number
  readonly sha256: string
}

const jsonFile = 'checkpoint.json'

/** A crash leaves the files of the checkpoint before or of this one: a member's new state never replaces the one in use. */
export function createCheckpointFile(folder: string): CheckpointFile {
  const kept: (Kept | null)[] = []
  let writing: Promise<void> = Promise.resolve()

  const write = async (
    checkpoint: Checkpoint,
    member: number,
    { steps, values }: OptimizerState,
  ): Promise<void> => {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice()
    const file = `checkpoint-${member}-${checkpoint.members[member]!.epochs % 2}.bin`
    await mkdir(folder, { recursive: true })
    await replaceFile(join(folder, file), bytes)
    const mark = checkpoint.members[member]!
    kept[member] = { mark, file, steps: steps[0]!, sha256: sha256(bytes) }
    await replaceFile(join(folder, jsonFile), JSON.stringify({ ...checkpoint, members: [], kept }))
  }

  return {
    async load(key, states, members) {
      try {
        const { kept: files, ...checkpoint } = JSON.parse(
          await readFile(join(folder, jsonFile), 'utf8'),
        ) as Checkpoint & { kept: readonly (Kept | null)[] }
        if (checkpoint.key !== key) return null
        const found = await Promise.all(
          states.map(async (_, member) => {
            const one = files[member] ?? null
            if (!one) return null
            const bytes = await readFile(join(folder, one.file))
            if (sha256(bytes) !== one.sha256) throw new Error('not whole')
            return { one, bytes }
          }),
        )
        found.forEach((state, member) => {
          kept[member] = state?.one ?? null
          if (!state) return
          states[member]!.steps[0] = state.one.steps
          states[member]!.values.set(new Float32Array(new Uint8Array(state.bytes).buffer))
        })
        return {
          ...checkpoint,
          members: members.map((mark, member) => kept[member]?.mark ?? mark),
        }
      } catch {
        return null
      }
    },
    save(checkpoint, member, state) {
      writing = writing.then(() => write(checkpoint, member, state))
      return writing
    },
    async remove() {
      await writing
      await rm(join(folder, jsonFile), { force: true })
      for (const one of kept) {
        if (!one) continue
        for (const parity of [0, 1]) {
          await rm(join(folder, one.file.replace(/\d\.bin$/, `${parity}.bin`)), { force: true })
        }
      }
    },
  }
}
