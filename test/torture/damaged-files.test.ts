import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadKeys } from '../../api/index.ts'
import { mendFolder } from '../../cli/folder/mend-folder.ts'
import { readAnchor } from '../../cli/up/clock-file.ts'
import { minuteMs } from '../../domain/index.ts'
import { startIngest } from '../../ingest/index.ts'
import { openSqliteMessageLog, type MessageLog } from '../../message-log/index.ts'
import {
  createMetrics,
  createRandom,
  openDataFolder,
  silentLogger,
  wallClock,
} from '../../runtime/index.ts'
import {
  createSqliteOperationsStore,
  createSqliteSeriesStore,
  watchDamage,
  type OperationsStore,
  type SeriesStore,
} from '../../store/index.ts'
import { startLarder } from '../support/larder-process.ts'
import { scaled, seed } from '../support/torture.ts'
import { until } from '../support/until.ts'

const messages = 400
const start = Date.now() - 60 * minuteMs
const random = createRandom(seed)

// In memory where the system has that: what a disk does is not the question here.
const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'larder-damage-'))
const at = (...names: string[]): string => join(root, ...names)

interface Opened {
  readonly said: readonly string[]
  readonly log: MessageLog
  readonly series: SeriesStore
  readonly operations: OperationsStore
  close(): Promise<void>
}

/** What a start does with its folder, without the sockets and threads: it looks, opens everything, and ingests what is left to. */
async function open(path: string): Promise<Opened> {
  const folder = openDataFolder(path)
  const said = [...mendFolder(path, { wallAt: Date.now(), stores: ['series.db', 'operations.db'] })]
  const notice = (words: string): void => void said.push(words)
  const log = openSqliteMessageLog({ file: folder.file('log.db'), wall: wallClock, notice })
  const operations = await createSqliteOperationsStore({ file: folder.file('operations.db') })
  const series = createSqliteSeriesStore({ file: folder.file('series.db') })
  loadKeys(path, { wantSim: true })
  readAnchor(folder.file('clock.json'), { speed: 60, startDaysAgo: 10, newestKeptAt: () => start })
  const ingest = await startIngest({
    ...{ log, clock: wallClock, wall: wallClock, logger: silentLogger },
    operations: watchDamage(operations, folder.file('operations.db')),
    series: watchDamage(series, folder.file('series.db')),
    random: createRandom(1),
    metrics: createMetrics({ withProcess: false }),
    settings: { batchMessages: 100, gatherMs: 0, profiles: '', clockAheadMinutes: 10 },
  })
  await ingest.drained()
  return {
    ...{ said, log, series, operations },
    async close() {
      await ingest.stop()
      await series.close()
      await operations.close()
      await log.close()
      folder.release()
    },
  }
}

/** A folder as a kill leaves it: journals beside the files. */
beforeAll(async () => {
  mkdirSync(at('live', 'models', 'demand-1'), { recursive: true })
  const live = await open(at('live'))
  const { log, operations, series } = live
  await operations.putMasterData(
    'sites',
    [{ id: 's1', name: 'One', kind: 'store', timeZone: 'Asia/Shanghai' }],
    start,
  )
  const credential = {
    ...{ username: 's1/probe-1', kind: 'device' as const, site: 's1', device: 'probe-1' },
    ...{ salt: '', hash: '', revoked: false, publish: [], subscribe: [], mappings: [] },
  }
  const probe = { site: 's1', device: 'probe-1', kind: 'probe' as const, zone: 'chilled' as const }
  await operations.registerDevice(probe, credential, start)
  for (let seq = 0; seq < messages; seq += 50)
    await log.append(Array.from({ length: 50 }, (_, index) => messageOf(seq + index)))
  await until(async () => (await series.stats()).readings === messages)
  const anchor = { claimedAt: start, speed: 60 }
  const files = {
    'clock.json': anchor,
    'run.json': { pid: 1, http: '', mqtt: '', startedAt: 1 },
    'backups.json': [{ folder: '/b', startedAt: 1, finishedAt: 2, state: 'done', bytes: 1 }],
    'city.json': { notes: 1, snapshot: { version: 1 } },
    'city-start.json': { startAt: start, seed: 1, size: 'small', replay: null },
    'city-notes-1.ndjson': { done: {} },
    'sim-credentials.json': { 's1/probe-1': 'secret' },
    'models/demand-1/report.json': {},
    'models/demand-1/model.json': {},
  }
  for (const [name, value] of Object.entries(files))
    writeFileSync(at('live', name), `${JSON.stringify(value)}\n`)
  cpSync(at('live'), at('whole'), { recursive: true })
  await live.close()
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

function messageOf(seq: number) {
  const body = { seq, boot: 'b00t', at: start + seq * 1000, values: { celsius: seq % 40 } }
  return {
    topic: 'v1/s1/probe-1/telemetry',
    payload: Buffer.from(JSON.stringify(body)),
    receivedAt: start + seq * 1000,
    ...{ qos: 1 as const, retain: false, clientId: 's1.probe-1' },
  }
}

type Damage = (file: string) => void
const damages: Readonly<Record<string, Damage>> = {
  emptied: (file) => writeFileSync(file, ''),
  cut: (file) => writeFileSync(file, readFileSync(file).subarray(0, statSync(file).size * 0.6)),
  noise: (file) =>
    writeFileSync(
      file,
      Buffer.from(Array.from({ length: statSync(file).size }, () => random.next() * 256)),
    ),
  'a page of noise': (file) => {
    const bytes = readFileSync(file)
    const page = Math.floor((random.next() * bytes.length) / 4096)
    for (let i = page * 4096; i < Math.min(bytes.length, (page + 1) * 4096); i++)
      bytes[i] = random.next() * 256
    writeFileSync(file, bytes)
  },
  'a flipped bit': (file) => {
    const bytes = readFileSync(file)
    bytes[Math.floor(random.next() * bytes.length)]! ^= 1 << Math.floor(random.next() * 8)
    writeFileSync(file, bytes)
  },
  missing: (file) => rmSync(file, { recursive: true }),
  'without rights': (file) => chmodSync(file, 0),
  'a folder': (file) => {
    rmSync(file, { recursive: true })
    mkdirSync(join(file, 'inside'), { recursive: true })
  },
}

const stores = ['series.db', 'operations.db', 'log.db'].flatMap((name) => [
  name,
  `${name}-wal`,
  ...(name === 'log.db' ? ['log.db.mark'] : [`${name}-shm`]),
])
const others = ['clock.json', 'run.json', 'backups.json', 'city.json', 'city-start.json', 'city-notes-1.ndjson', 'sim-credentials.json', 'owner.key', 'sim.key', 'models/demand-1/report.json', 'models/demand-1/model.json', 'lock'] // prettier-ignore
const rounds = scaled(1, 40)
/** Places in which the damage differs from round to round. */
const isRandom = (damage: string): boolean => /noise|bit/.test(damage)

const cases = [...stores, ...others].flatMap((name) =>
  Object.keys(damages).map((damage) => ({ name, damage })),
)

test.concurrent.each(cases)(
  '$name: $damage; everything starts, and says what it lost',
  async ({ name, damage }) => {
    for (let round = 0; round < (isRandom(damage) ? rounds : 1); round++) {
      const path = at(`${name.replace('/', '.')} ${damage}`)
      rmSync(path, { recursive: true, force: true })
      cpSync(at('whole'), path, { recursive: true })
      // A lock of a process that is gone.
      writeFileSync(join(path, 'lock'), '999999999')
      damages[damage]!(join(path, name))
      const isLogHurt = name.startsWith('log.db')
      const opened = await openAgain(path)
      try {
        const { readings } = await opened.series.stats()
        const { items } = await opened.operations.list('devices', { limit: 10 })
        const words = opened.said.join('\n')
        // What a damaged series store had comes again out of the log, whole.
        if (!isLogHurt) expect(readings, 'readings').toBe(messages)
        expect(readings).toBeLessThanOrEqual(messages)
        if (items.length === 0) expect(words).toContain('THE LOGINS OF ALL DEVICES ARE GONE')
        if (items.length === 0) expect(name).toMatch(/^operations\.db/)
        for (const moved of readdirSync(path).filter((one) => one.includes('.damaged-')))
          expect(words, 'what was moved is named').toContain(moved.replace(/-(wal|shm)$/, ''))
        // What a journal still holds whole, and a note that was never taken, are no loss.
        const isStore = name === 'series.db' || name === 'operations.db'
        const isText = /^(city(-start)?|clock|backups|sim-credentials)\.json$|\.key$/.test(name)
        const told = isStore
          ? ['emptied', 'a folder']
          : isText
            ? ['emptied', 'noise', 'a folder']
            : []
        if (told.includes(damage)) expect(words).toContain(name)
        // It works as before: what comes now is kept and read.
        await opened.log.append([messageOf(messages + 1)])
        await until(async () => (await opened.series.stats()).readings === readings + 1, 20_000)
      } finally {
        await opened.close()
      }
    }
  },
)

/** A page whose damage is met in use ends the process, which starts again: twice is enough. */
async function openAgain(path: string): Promise<Opened> {
  try {
    return await open(path)
  } catch (error) {
    expect(error, 'only damage met in use').toMatchObject({ code: 'RT_STORE_DAMAGED' })
    return open(path)
  }
}

test(
  'the whole of Larder starts on a folder with nothing but noise in it',
  { timeout: 60_000 },
  async () => {
    const path = at('case')
    rmSync(path, { recursive: true, force: true })
    cpSync(at('whole'), path, { recursive: true })
    for (const name of [...stores, ...others])
      if (existsSync(join(path, name))) damages.noise!(join(path, name))
    const larder = await startLarder(path, { args: ['--sim', 'none', '--speed', '1'] })
    try {
      expect(larder.output()).toContain('THE LOGINS OF ALL DEVICES ARE GONE')
      expect((await larder.request('GET', '/v1/status')).status).toBe(200)
    } finally {
      await larder.kill()
    }
  },
)
