import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRandom } from '../../runtime/index.ts'
import { createKnown, findFaults, learn } from '../support/check-crashed-log.ts'
import {
  createCrashDisk,
  dataFates,
  nameFates,
  type DataFate,
  type NameFate,
} from '../support/crash-disk.ts'
import { startFaultRuns, type FaultRuns } from '../support/fault-run.ts'
import { scaled, seed } from '../support/torture.ts'

let runs: FaultRuns
beforeAll(async () => void (runs = await startFaultRuns()))
afterAll(() => runs.stop())

const certain: readonly (readonly [DataFate, NameFate])[] = [
  ['kept', 'kept'],
  ['lost', 'lost'],
  ['kept', 'lost'],
]
const chancesPerCall = scaled(1, 8)

test(`a power cut before any call of a run loses nothing that was acknowledged (seed ${seed})`, async () => {
  const random = createRandom(seed)
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random.next() * all.length)]!
  const plan = { seed, records: 200, lives: 3, checkpointPages: 40 }
  const { journal, notices, problem, refused } = await runs.run(plan)
  expect({ notices, problem, refused }).toEqual({ notices: [], problem: null, refused: [] })

  const disk = createCrashDisk(runs.root)
  const known = createKnown()
  const folder = join(runs.work, 'image')
  const faulty: string[] = []
  let points = 0
  for (const [index, call] of [...journal, null].entries()) {
    if (call?.kind !== 'mark') {
      const chances = Array.from(
        { length: chancesPerCall },
        () => [pick(dataFates), pick(nameFates)] as const,
      )
      for (const [data, names] of [...certain, ...chances]) {
        const image = disk.afterPowerCut(data, names, random)
        const faults = await findFaults(folder, image, known)
        points++
        if (faults.length > 0)
          faulty.push(
            `before call ${index} (${call?.kind}), data ${data}, names ${names}: ${faults.slice(0, 2).join('; ')}`,
          )
      }
    }
    if (!call) break
    disk.apply(call)
    learn(known, call)
  }
  console.log(
    `${points} crash points, ${known.acknowledged.size} messages acknowledged, seed ${seed}`,
  )
  expect(known.acknowledged.size).toBeGreaterThanOrEqual(200)
  expect(points).toBeGreaterThanOrEqual(scaled(500, 5000))
  expect(faulty.slice(0, 10)).toEqual([])
})

test(`a sync that fails and is forgotten by the system costs nothing that a new start acknowledges (seed ${seed})`, async () => {
  const plan = { seed, records: 60, lives: 1, checkpointPages: 12 }
  const { journal } = await runs.run(plan)
  const syncs = [...journal.entries()].filter(([, { kind }]) => kind === 'sync')
  const every = Math.ceil(syncs.length / scaled(40, syncs.length))
  const random = createRandom(seed)
  const faulty: string[] = []
  for (const [at] of syncs.filter((_, index) => index % every === 0)) {
    const disk = createCrashDisk(runs.root)
    const known = createKnown()
    for (const [index, call] of journal.slice(0, at + 1).entries()) {
      disk.apply(index === at && call.kind === 'sync' ? { ...call, isFailed: true } : call)
      learn(known, call)
    }
    // The process ends there; the next one reads what the system still holds, not what the disk has.
    runs.restore(disk.afterPowerCut('kept', 'kept', random))
    const later = await runs.run({ ...plan, records: 12, after: 1000 })
    expect(later).toMatchObject({ problem: null, refused: [] })
    for (const call of later.journal) {
      disk.apply(call)
      learn(known, call)
    }
    for (const data of ['lost', 'sectors'] as const) {
      const image = disk.afterPowerCut(data, 'lost', random)
      for (const fault of await findFaults(join(runs.work, 'image'), image, known))
        faulty.push(`sync failed at call ${at}, data ${data}: ${fault}`)
    }
  }
  expect(faulty.slice(0, 10)).toEqual([])
})
