import { toRfc3339, hourMs, quantileLevels, type Distribution } from '../../domain/index.ts'
import { createRandom } from '../../runtime/index.ts'
import { fakeDecisions } from './fake-decisions.ts'

/** One small city's resources as the API sends them, for the board's own test: seeded, at one moment of city time. */
export interface FakeCity {
  readonly now: number
  readonly lists: Readonly<Record<string, readonly unknown[]>>
  /** All hourly sales and temperatures of the last 12 hours. */
  readonly readings: readonly FakeReading[]
  status(now: number, training: boolean): unknown
}

export interface FakeReading {
  readonly site: string
  readonly device: string
  readonly channel: string
  readonly gtin: string | null
  readonly at: string
  readonly receivedAt: string
  readonly value: number
  readonly seq: number
  readonly boot: string
  readonly index: number
  readonly quality: string
}

const timeZone = 'Asia/Shanghai'
const storeNames = [
  'Bund',
  'Jing’an',
  'Lujiazui',
  'Xujiahui',
  'Hongqiao',
  'Zhabei',
  'Wujiaochang',
  'Gubei',
]
const productNames = [
  'Whole milk 1 l',
  'Greek yoghurt 500 g',
  'Eggs, ten',
  'Chicken thighs 400 g',
  'Salmon fillet 200 g',
  'Frozen dumplings 1 kg',
  'Vanilla ice cream 500 ml',
  'Bananas 1 kg',
  'Strawberries 300 g',
  'Pak choi 250 g',
  'Jasmine rice 5 kg',
  'Soy sauce 500 ml',
  'Instant noodles, five',
  'Mineral water 6 × 1.5 l',
]

export function createFakeCity(now = Date.parse('2026-11-14T10:37:00Z')): FakeCity {
  const random = createRandom(7)
  const time = (at: number) => toRfc3339(at, timeZone)
  const origin = Math.floor(now / hourMs) * hourMs
  const stores = storeNames.map((name, i) => ({
    id: `store-${i + 1}`,
    name,
    kind: 'store',
    timeZone,
  }))
  const warehouses = [1, 2].map((i) => ({
    id: `warehouse-${i}`,
    name: i === 1 ? 'Warehouse west' : 'Warehouse east',
    kind: 'warehouse',
    timeZone,
  }))
  const products = productNames.map((name, i) => ({
    id: `p${String(i + 1).padStart(2, '0')}`,
    name,
    gtin: `0200000000${String(i + 1).padStart(3, '0')}0`,
    tempClass: i < 5 ? 'chilled' : i < 7 ? 'frozen' : 'ambient',
    shortageCost: 800,
    overageCost: 60,
  }))
  const between = (low: number, high: number) => low + (high - low) * random.next()
  const rate = (hour: number) => {
    const local = (hour + 8) % 24
    return local < 7
      ? 0.1
      : 0.6 + Math.exp(-((local - 12.5) ** 2) / 6) + 1.5 * Math.exp(-((local - 18.5) ** 2) / 5)
  }
  const spread = (mean: number): Distribution => ({
    mean,
    quantiles: quantileLevels.map((p) => ({
      p,
      value: Math.max(
        0,
        mean + Math.sqrt(mean + mean * mean * 0.06) * Math.log(p / (1 - p)) * 0.55,
      ),
    })),
  })

  const stock: unknown[] = []
  const forecasts: unknown[] = []
  const readings: FakeReading[] = []
  const reading = (
    site: string,
    device: string,
    channel: string,
    gtin: string | null,
    at: number,
    value: number,
  ) => ({
    site,
    device,
    channel,
    gtin,
    at: time(at),
    receivedAt: time(at),
    value,
    seq: readings.length,
    boot: 'b1',
    index: 0,
    quality: 'good',
  })
  for (const store of stores) {
    for (const product of products) {
      const scale = between(0.6, 5)
      const hourMean = (at: number) => scale * rate(new Date(at).getUTCHours())
      const forecast = (from: number) => {
        const hours = Array.from({ length: 12 }, (_, i) => spread(hourMean(from + i * hourMs)))
        const mean = hours.reduce((sum, hour) => sum + hour.mean, 0)
        return {
          id: `demand.${store.id}.${product.id}.${from / hourMs}`,
          target: 'demand',
          site: store.id,
          product: product.id,
          device: null,
          origin: time(from),
          horizonHours: 12,
          total: spread(mean),
          hours,
          model: 'm-20261114-0900',
          servedBy: 'tfjs:m-20261114-0900',
          label: 'candidate',
          baselines: [
            { name: 'naive-168h', mean: mean * between(0.8, 1.2) },
            { name: 'empirical-28d', mean: mean * between(0.9, 1.1) },
          ],
          graced: false,
          issuedAt: time(from + 120_000),
        }
      }
      forecasts.push(forecast(origin), forecast(origin - 12 * hourMs))
      const mean = forecast(origin).total.mean
      const onHand = random.next() < 0.06 ? 0 : Math.round(mean * between(0.55, 2.6))
      stock.push({
        site: store.id,
        product: product.id,
        onHand,
        reserved: 0,
        incoming: random.next() < 0.1 ? 12 : 0,
        inTransit: 0,
        safety: 0,
        available: onHand,
        asOf: time(now - 60_000),
        source: 'shelf',
        outOfStockSince: onHand === 0 ? time(now - 40 * 60_000) : null,
      })
      for (let at = origin - 12 * hourMs; at < now; at += hourMs) {
        const sold = Math.max(0, Math.round(hourMean(at) + (random.next() - 0.5) * 3))
        for (let i = 0; i < sold; i++) {
          readings.push(
            reading(store.id, 'till-1', 'sold', product.gtin, at + (i * hourMs) / sold / 2, 1),
          )
        }
      }
    }
  }
  const devices: unknown[] = []
  const device = (site: string, name: string, kind: string, zone: string | null) => {
    const luck = random.next()
    devices.push({
      site,
      device: name,
      kind,
      zone,
      status: 'registered',
      connection: luck < 0.02 ? 'offline' : luck < 0.04 ? 'sleeping' : 'online',
      lastSeenAt: time(now - (luck > 0.985 ? 2 * hourMs : between(1, 200) * 1000)),
      firmware: '1.4.2',
      batteryPct:
        kind === 'shelf' ? Math.round(luck < 0.05 ? between(6, 19) : between(40, 100)) : null,
      registeredAt: time(now - 10 * 24 * hourMs),
    })
  }
  for (const site of [...stores, ...warehouses]) {
    for (let i = 1; i <= 40; i++)
      device(site.id, `shelf-${String(i).padStart(3, '0')}`, 'shelf', null)
    device(site.id, 'door-1', 'footfall', null)
    device(site.id, 'till-1', 'till', null)
    for (const zone of ['chilled', 'frozen'] as const) {
      const name = `probe-${zone}-1`
      device(site.id, name, 'probe', zone)
      const base = zone === 'chilled' ? 3.2 : -20
      const drift =
        site.id === 'store-3' && zone === 'chilled' ? 6.5 : site.id === 'store-6' ? 2.4 : 0
      for (let at = now - 2 * hourMs; at < now; at += 120_000) {
        const done = 1 - (now - at) / (2 * hourMs)
        const value =
          base +
          Math.sin(at / 900_000 + site.id.length) * 0.8 +
          drift * done ** 3 +
          random.next() * 0.3
        readings.push(reading(site.id, name, 'celsius', null, at, value))
      }
    }
  }
  devices.push({
    ...(devices[0] as object),
    device: 'shelf-900',
    kind: null,
    status: 'unregistered',
    connection: 'online',
    batteryPct: null,
  })

  return {
    now,
    readings,
    lists: {
      sites: [...stores, ...warehouses],
      products,
      stock,
      forecasts,
      devices,
      models: [
        {
          version: 'm-20261114-0900',
          label: 'proven',
          state: 'serving',
          reason: 'It is the best.',
        },
      ],
      'models/scores': [
        { model: 'empirical-28d', windows: 960, wql: 0.241, wpe: 0.031, below90: 0.88 },
        { model: 'm-20261114-0900', windows: 960, wql: 0.203, wpe: -0.012, below90: 0.905 },
        { model: 'smoothed-28d', windows: 960, wql: null, wpe: null, below90: null },
      ],
      ...fakeDecisions({ now, time, between, stores, products }),
    },
    status: (at, training) => ({
      ready: true,
      stages: ['gateway', 'ingest', 'models', 'planner', 'api'].map((name) => ({
        name,
        ready: true,
        words: `${name} runs`,
        ...(name === 'gateway'
          ? {
              problems: [
                '12 refusals "wrong-secret" in the last 10 minutes: a device has an old password; "larder devices rotate SITE/DEVICE" gives it a new one.',
              ],
            }
          : {}),
      })),
      clock: { wallAt: at, cityAt: at, speed: 60, now: at, waiting: false },
      ingestLagMs: 4_000,
      messagesKept: 481_220,
      readingsStored: 1_320_455,
      progress: training
        ? { task: 'training', done: 34, of: 60, startedAt: at - 20_000, remainingMs: 40_000 }
        : null,
    }),
  }
}
