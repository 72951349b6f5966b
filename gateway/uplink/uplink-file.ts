import { readFileSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { errorMessage } from '../../domain/index.ts'
import type { Mark } from './arrivals.ts'
import type { Range } from './ranges.ts'

/** What an edge gateway knows of its log: what the hub has, and how old what is. Losing it means sending again, no more. */
export interface UplinkMemory {
  /** Id of the log whose positions these are. */
  readonly log: string
  readonly acknowledged: readonly Range[]
  readonly runMs: number
  readonly marks: readonly Mark[]
}

const version = 1

/** Null with a sentence where there is none for this log. */
export function readUplinkFile(
  file: string,
  log: string,
): { readonly memory: UplinkMemory; readonly problem: string | null } {
  const nothing = { log, acknowledged: [], runMs: 0, marks: [] }
  const sendsAgain =
    'all that is still kept is sent to the hub again, which has it once nevertheless.'
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const isNew = (error as NodeJS.ErrnoException).code === 'ENOENT'
    return {
      memory: nothing,
      problem: isNew
        ? `There is no ${file}: ${sendsAgain}`
        : `${file} cannot be read (${errorMessage(error)}): ${sendsAgain}`,
    }
  }
  const memory = parse(text)
  if (!memory) return { memory: nothing, problem: `${file} is damaged: ${sendsAgain}` }
  if (memory.log !== log)
    return { memory: nothing, problem: `${file} is of another message log: ${sendsAgain}` }
  return { memory, problem: null }
}

/** Replaces the file whole, without holding the event loop up while the disk works. */
export async function writeUplinkFile(file: string, memory: UplinkMemory): Promise<void> {
  const { log, runMs } = memory
  const marks = memory.marks.map((mark) => [mark.position, Math.round(mark.runMs)])
  const { acknowledged } = memory
  const text = JSON.stringify({ version, log, acknowledged, runMs: Math.round(runMs), marks })
  const temporary = `${file}.new`
  const handle = await open(temporary, 'w')
  try {
    await handle.writeFile(text)
    await handle.datasync()
  } finally {
    await handle.close()
  }
  await rename(temporary, file)
}

function parse(text: string): UplinkMemory | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  const found = value as Record<string, unknown> | null
  if (typeof found !== 'object' || found?.version !== version) return null
  const { log, acknowledged, runMs, marks } = found
  if (typeof log !== 'string' || !isTime(runMs)) return null
  if (!isPairs(acknowledged) || !isPairs(marks)) return null
  const flat = acknowledged.flat()
  const isInOrder = flat.every((at, index) => index === 0 || at >= flat[index - 1]!)
  const isRising = marks.every(
    ([position, at], index) =>
      index === 0 || (position >= marks[index - 1]![0] && at >= marks[index - 1]![1]),
  )
  if (!isInOrder || !isRising) return null
  return {
    log,
    acknowledged,
    runMs,
    marks: marks.map(([position, at]) => ({ position, runMs: at })),
  }
}

const isTime = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0

function isPairs(value: unknown): value is [number, number][] {
  return (
    Array.isArray(value) &&
    value.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every(isTime))
  )
}
