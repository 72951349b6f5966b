import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { silentLogger } from '../runtime/index.ts'
import { createSqliteOperationsStore, type OperationsStore } from '../store/index.ts'
import { modelFormat, type NetworkModel } from './network-model.ts'
import { createRegistry, type Registry } from './registry.ts'

let folder: string
let store: OperationsStore
let registry: Registry
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'larder-registry-'))
  store = await createSqliteOperationsStore({ file: ':memory:' })
  registry = createRegistry(folder, store, silentLogger)
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

const model = (version: string, trainedAt: number): NetworkModel =>
  ({
    format: modelFormat,
    version: {
      ...{ version, target: 'demand', label: 'proven', serving: false, trainedAt },
      ...{ historyFrom: 0, historyUntil: trainedAt, seed: 1, codeVersion: '1', scores: {} },
    },
    ...{ report: null, sites: ['s1'], members: [{ seed: 1, weights: Float32Array.of(1, 2) }] },
  }) as unknown as NetworkModel
const names = ['demand-20260101-a', 'demand-20260102-b', 'demand-20260103-c']
const serving = { state: 'serving', reason: 'better' } as const
const states = async (): Promise<readonly string[]> =>
  (await registry.list('demand')).map(({ version, state }) => `${version.slice(-1)} ${state}`)

test('a version of an earlier format is retired with the reason, and what served before takes its place', async () => {
  await registry.add(model(names[0]!, 1), serving, 1)
  await registry.add(model(names[1]!, 2), serving, 2)
  const file = join(folder, names[1]!, 'model.json')
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replace(`"format": ${modelFormat}`, '"format": 1'))
  const [newest] = await registry.list('demand')
  expect(await registry.load(newest!, 3)).toBeNull()
  expect(await states()).toEqual(['b retired', 'a serving'])
  const retired = await store.get('models', names[1]!)
  expect(retired?.reason).toContain(`it has format 1, this program reads ${modelFormat}`)
  expect(await registry.load((await registry.list('demand'))[1]!, 4)).not.toBeNull()
})

test('versions in the folder that the store does not know stand by', async () => {
  await registry.add(model(names[0]!, 1), serving, 1)
  const empty = await createSqliteOperationsStore({ file: ':memory:' })
  const again = createRegistry(folder, empty, silentLogger)
  await again.adopt(5)
  expect(await again.list('demand')).toMatchObject([{ version: names[0], state: 'standby' }])
  await empty.close()
})

test('the newest four stand by beside what serves; of older ones the weights go and the reason stays', async () => {
  await registry.add(model('demand-20260101-z', 0), serving, 0)
  for (let day = 1; day <= 6; day++)
    await registry.add(
      model(`demand-2026010${day}-${day}`, day),
      { state: 'standby', reason: 'kept' },
      day,
    )
  expect(await states()).toEqual([
    ...['6 standby', '5 standby', '4 standby', '3 standby', '2 retired', '1 retired', 'z serving'],
  ])
  const [, , , , second] = await registry.list('demand')
  expect(second?.reason).toContain('weights were dropped')
  expect(await registry.load(second!, 9)).toBeNull()
})
