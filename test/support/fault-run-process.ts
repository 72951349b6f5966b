import { mkdirSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { LarderError } from '../../domain/index.ts'
import { openSqliteMessageLog, type MessageLog } from '../../message-log/index.ts'
import { createRandom, openDataFolder, type DataFolder, wallClock } from '../../runtime/index.ts'
import { faultMessage, type RunMark } from './fault-messages.ts'
import type { RunPlan, RunResult } from './fault-run.ts'
import { openFaultControl, openMarks } from './fault-shim.ts'

/** Runs under fault-shim.so: does the appends that its parent asks for, one run after the other. See fault-run.ts. */
const root = process.env.FAULT_FOLDER!
const control = openFaultControl(process.env.FAULT_CONTROL!)
const marks = openMarks()
const mark = (value: RunMark): void => marks.mark(value)
/** Refusals of one group at which the disk gets its space back. */
const refusalsBeforeSpace = 2

process.on('message', (plan: RunPlan) => {
  void run(plan).then((result) => process.send!(result))
})

async function run(plan: RunPlan): Promise<RunResult> {
  control.stop()
  if (plan.after === undefined) rmSync(root, { recursive: true, force: true })
  mkdirSync(root, { recursive: true })
  truncateSync(process.env.FAULT_JOURNAL!, 0)
  const seen = { refused: [] as string[], isEnded: false, afterTheEnd: 0, notices: [] as string[] }
  const random = createRandom(plan.seed)
  const hasEnded = (): boolean => seen.isEnded
  let log: MessageLog | undefined
  const firstId = plan.after ?? 0
  let id = firstId

  const open = (data: DataFolder): MessageLog => {
    let connection: Database.Database | undefined
    const opened = openSqliteMessageLog({
      file: data.file('log.db'),
      wall: wallClock,
      notice: (words) => seen.notices.push(words),
      connect: (file) => (connection = new Database(file)),
    })
    connection!.pragma(`wal_autocheckpoint = ${plan.checkpointPages}`)
    return opened
  }

  const append = async (ids: readonly number[]): Promise<boolean> => {
    mark({ sent: ids })
    try {
      const positions = await log!.append(ids.map(faultMessage))
      mark({ acknowledged: ids, positions })
      return true
    } catch (error) {
      seen.refused.push(error instanceof LarderError ? error.code : String(error))
      return false
    }
  }

  /** Until it is acknowledged or the log has ended. */
  const appendAll = async (ids: readonly number[]): Promise<void> => {
    for (let refusals = 0; !(await append(ids));) {
      if (seen.refused.at(-1) !== 'RT_DISK_FULL') {
        seen.isEnded = true
        if (await append([++id])) seen.afterTheEnd++
        return
      }
      if (++refusals === refusalsBeforeSpace) control.mend()
      if (refusals > refusalsBeforeSpace + 3)
        throw new Error('space came back and it did not go on')
    }
  }

  const groups = async (until: number): Promise<void> => {
    while (id < until && !seen.isEnded) {
      const next = (): number[] =>
        Array.from({ length: 1 + Math.floor(random.next() * 4) }, () => ++id)
      // Two in one turn become one transaction.
      await Promise.all(
        random.next() < 0.3 ? [appendAll(next()), appendAll(next())] : [appendAll(next())],
      )
    }
  }

  control.start(plan.fault)
  let problem: string | null = null
  try {
    const data = openDataFolder(join(root, 'data'))
    for (let life = 1; life <= plan.lives && !seen.isEnded; life++) {
      log = open(data)
      await groups(firstId + (plan.records * life) / plan.lives)
      if (hasEnded() || life === plan.lives) break
      const through = Math.floor(id / 2)
      mark({ pruning: through })
      await log.commit({ group: 'reader', partition: 0, position: through })
      // A prune that fails is logged and done again later.
      await log.prune({ before: Infinity, maxBytes: 1 }).catch(() => undefined)
      await log.close()
      log = undefined
    }
  } catch (error) {
    problem = error instanceof LarderError ? error.code : String(error)
  }
  control.stop()
  await log?.close().catch(() => undefined)
  return { ...seen, problem, calls: control.calls(), fired: control.fired() }
}
process.send!('ready')
