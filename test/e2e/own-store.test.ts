import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hourMs, localTime, toRfc3339 } from '../../domain/index.ts'
import { createRandom } from '../../runtime/index.ts'
import {
  runLarder,
  startLarder,
  temporaryFolder,
  type LarderProcess,
} from '../support/larder-process.ts'

/** docs/own-store.md is followed to the letter: its files are written as it says, and its commands are run. */
const guide = readFileSync(join(import.meta.dirname, '../../docs/own-store.md'), 'utf8')
const folder = temporaryFolder('own-store')
const data = join(folder.path, 'data')
const timeZone = 'Europe/Berlin'
const kinds = ['sites', 'products', 'planograms', 'lanes', 'staff', 'stock']
const historyDays = 12

let larder: LarderProcess
beforeAll(async () => {
  larder = await startLarder(data, {
    args: ['--sim', 'none', '--speed', '1'],
    env: {
      LARDER_MODELS_ENABLED: 'true',
      LARDER_MODELS_MAX_MINUTES: '0.05',
      LARDER_PLANNER_EVERY_MINUTES: '1',
      // At any hour of the day the horizon then holds opening hours.
      LARDER_PLANNER_SLOT_HORIZON_HOURS: '24',
    },
  })
})
afterAll(async () => {
  await larder.stop()
  folder.remove()
})

async function importFile(name: string, csv: string): Promise<string> {
  const file = join(folder.path, name)
  writeFileSync(file, csv)
  const run = await runLarder(['import', file, '--data', data])
  expect(run.code, run.stderr + run.stdout).toBe(0)
  return run.stdout
}

async function list<T>(path: string): Promise<readonly T[]> {
  const { status, body } = await larder.request('GET', path)
  expect(status, path).toBe(200)
  return (body as { items: readonly T[] }).items
}

/** Asks again until it is so, or a minute and a half are over. */
async function until<T>(what: string, look: () => Promise<T | null | undefined>): Promise<T> {
  for (const deadline = Date.now() + 90_000; Date.now() < deadline;) {
    const found = await look()
    if (found !== null && found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error(`not within 90 s: ${what}\n${larder.output()}`)
}

/** The hours up to the one under way. */
function pastHours(): readonly number[] {
  const now = hourMs * Math.floor(Date.now() / hourMs)
  return Array.from({ length: 24 * historyDays }, (_, i) => now - (24 * historyDays - i) * hourMs)
}

/** Sales around the clock, so that the test is the same at any hour: more at noon and in the evening. */
function salesCsv(): string {
  const random = createRandom(3)
  const rows = pastHours().map((at) => {
    const { hour } = localTime(at, timeZone)
    const rate = hour === 12 || hour >= 17 ? 4 : 2
    return `corner,milk-1l,${toRfc3339(at, timeZone)},${Math.round(2 * rate * random.next())},0`
  })
  return `site,product,at,units,outOfStockMinutes\n${rows.join('\n')}\n`
}

test('the files of the guide are taken as they stand', async () => {
  for (const kind of kinds) {
    const csv = new RegExp(`cat > ${kind}\\.csv <<'CSV'\\n([\\s\\S]*?)CSV\\n`).exec(guide)?.[1]
    expect(csv, kind).toBeDefined()
    expect(await importFile(`${kind}.csv`, csv!)).toContain(', 0 not')
  }
  expect(await importFile('sales.csv', salesCsv())).toContain(`${24 * historyDays} rows taken`)
})

test('a shelf of its own says over MQTT that it is nearly empty, and the stock follows', async () => {
  const added = await runLarder([
    ...['devices', 'add', 'corner/shelf-001', '--kind', 'shelf', '--json', '--data', data],
  ])
  expect(added.code, added.stderr).toBe(0)
  const { clientId, username, password } = JSON.parse(added.stdout) as Record<string, string>
  const shelf = await connectAsync(`mqtt://127.0.0.1:${larder.mqttPort}`, {
    ...{ clientId: clientId!, username: username!, password: password! },
  })
  const message = { seq: 1, boot: 'b', at: Date.now(), values: { units: 2 } }
  await shelf.publishAsync('v1/corner/shelf-001/telemetry', JSON.stringify(message), { qos: 1 })
  await shelf.endAsync()
  await until('two units on the shelf', async () => {
    const stock = await list<{ onHand: number }>('/v1/stock?site=corner')
    return stock[0]?.onHand === 2 ? true : null
  })
})

interface ForecastView {
  readonly product: string | null
  readonly servedBy: string
  readonly total: { readonly mean: number }
}
const forecasts = () => list<ForecastView>('/v1/forecasts?site=corner&type=demand&latest=true')

test('forecasts follow: by a baseline at once, by TensorFlow.js as soon as a model is trained', async () => {
  const first = await until('a forecast', async () => (await forecasts())[0])
  expect(first).toMatchObject({ product: 'milk-1l' })
  expect(first.servedBy).toMatch(/^(smoothed-28d|tfjs:)/)
  const served = await until('a forecast of the model', async () =>
    (await forecasts()).find(({ servedBy }) => servedBy.startsWith('tfjs:')),
  )
  expect(served.total.mean).toBeGreaterThanOrEqual(0)
})

test('slots are open for booking, and each keeps something for people who walk in', async () => {
  const slots = await until('slots', async () => {
    const found = await list<{ walkInReserveMinutes: number; remainingBookable: number }>(
      '/v1/slots?site=corner&limit=200',
    )
    return found.length > 0 ? found : null
  })
  expect(slots.length).toBeGreaterThan(20)
  for (const { walkInReserveMinutes } of slots) expect(walkInReserveMinutes).toBeGreaterThan(0)
  expect(slots.some(({ remainingBookable }) => remainingBookable > 0)).toBe(true)
})

test('what can be promised is what is there, and what the depot can bring', async () => {
  const near = await larder.request('GET', '/v1/availability?site=corner&product=milk-1l&units=2')
  expect(near).toMatchObject({ status: 200, body: { available: 2, tier: 'in-store' } })
  const far = await larder.request('GET', '/v1/availability?site=corner&product=milk-1l&units=40')
  expect(far).toMatchObject({ status: 200, body: { available: 2 } })
  // A van that leaves late in the evening does not arrive today.
  if (localTime(Date.now(), timeZone).hour < 22)
    expect(far.body).toMatchObject({ tiers: [{ from: 'depot' }] })
})

test('a transfer from the depot is proposed for the low shelf, with a reason that adds up', async () => {
  interface TransferView {
    readonly from: string
    readonly to: string
    readonly lines: readonly {
      readonly product: string
      readonly units: number
      readonly saves: number
      readonly reason: Readonly<Record<string, number>>
    }[]
  }
  const transfer = await until('a proposal', async () =>
    (await list<TransferView>('/v1/transfers?status=proposed')).at(0),
  )
  expect(transfer).toMatchObject({ from: 'depot', to: 'corner' })
  const [line] = transfer.lines
  expect(line).toMatchObject({ product: 'milk-1l' })
  expect(line!.units).toBeGreaterThan(0)
  const { valueToReceiver, lossToGiver, unitCosts, tripCostShare } = line!.reason
  expect(line!.saves).toBeCloseTo(valueToReceiver! - lossToGiver! - unitCosts! - tripCostShare!, 6)
})
