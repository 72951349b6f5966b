import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRandom } from '../../runtime/index.ts'
import { createKnown, findFaults, learn } from '../support/check-crashed-log.ts'
import { createCrashDisk } from '../support/crash-disk.ts'
import { startFaultRuns, type FaultRuns, type RunPlan } from '../support/fault-run.ts'
import type { FaultMode } from '../support/fault-shim.ts'
import { scaled, seed } from '../support/torture.ts'

let runs: FaultRuns
beforeAll(async () => void (runs = await startFaultRuns()))
afterAll(() => runs.stop())

const plan: RunPlan = { seed, records: scaled(40, 200), lives: 2, checkpointPages: 20 }

/** Fails one call, then looks at what a kill and what a power cut would leave of it. */
async function faultsOf(mode: FaultMode, atCall: number) {
  const { journal, ...result } = await runs.run({ ...plan, fault: { mode, atCall } })
  const disk = createCrashDisk(runs.root)
  const known = createKnown()
  for (const call of journal) {
    disk.apply(call)
    learn(known, call)
  }
  const faults: string[] = []
  const random = createRandom(seed + atCall)
  for (const fate of ['kept', 'lost', 'sectors'] as const) {
    const image = disk.afterPowerCut(fate, fate === 'kept' ? 'kept' : 'lost', random)
    for (const words of await findFaults(join(runs.work, 'image'), image, known))
      faults.push(`${mode} at call ${atCall}, unsynced data ${fate}: ${words}`)
  }
  if (result.afterTheEnd > 0) faults.push(`${mode} at call ${atCall}: acknowledged after its end`)
  return { ...result, faults, acknowledged: known.acknowledged.size }
}

test.each(['io-error', 'sync-error', 'no-space', 'short-write'] as const)(
  `%s at any call of a run: nothing acknowledged is lost (seed ${seed})`,
  async (mode) => {
    const { calls } = await runs.run(plan)
    const faulty: string[] = []
    let [fired, ended, recovered] = [0, 0, 0]
    for (let atCall = 1; atCall <= calls; atCall++) {
      const result = await faultsOf(mode, atCall)
      if (result.fired > 0) fired++
      if (result.isEnded) ended++
      if (result.refused.includes('RT_DISK_FULL') && !result.isEnded && result.problem === null)
        recovered++
      faulty.push(...result.faults.slice(0, 2))
      for (const code of [...result.refused, result.problem ?? 'RT_'])
        if (!code.startsWith('RT_')) faulty.push(`${mode} at call ${atCall}: ${code}`)
    }
    console.log(
      `${mode}: ${calls} calls, ${fired} failed, ${ended} runs ended by it, ${recovered} went on by themselves`,
    )
    expect(faulty.slice(0, 10)).toEqual([])
    expect(fired).toBeGreaterThan(calls / 4)
    if (mode === 'io-error' || mode === 'sync-error') expect(ended).toBeGreaterThan(calls / 10)
    else expect(recovered).toBeGreaterThan(calls / 4)
  },
)
