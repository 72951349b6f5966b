import { minuteMs, type ColdZone } from '../../domain/index.ts'
import type { CityEvent, CityMaster, SiteLayout } from '../city/index.ts'
import type { DeviceMemory, DeviceProgram, Noise } from './device-program.ts'

type Named = Pick<DeviceProgram, 'site' | 'device'>

const shelfIntervalMs = 12 * minuteMs
const probeIntervalMs = 5 * minuteMs
const footfallIntervalMs = 5 * minuteMs
const tillIntervalMs = 15 * minuteMs

/** Weighs one product: speaks at every change, and now and then though nothing changed. */
export function shelfProgram(
  named: Named & { readonly product: string; readonly unitGrams: number; readonly units: number },
): DeviceProgram {
  const { site, device, product, unitGrams } = named
  const weigh = (units: number, noise: Noise): Record<string, number> => ({
    units,
    grams: Math.max(0, Math.round(units * unitGrams + 3 * (noise(0) - 0.5))),
  })
  return {
    site,
    device,
    kind: 'shelf',
    zone: null,
    intervalMs: shelfIntervalMs,
    isAligned: false,
    observe(memory, event, noise) {
      if (event.type !== 'shelf' || event.product !== product) return []
      memory.held.units = event.units
      const values = weigh(event.units, noise)
      return [
        { at: event.at, values: event.picked > 0 ? { ...values, picked: event.picked } : values },
      ]
    },
    report: (memory, at, noise) => [{ at, values: weigh(memory.held.units ?? named.units, noise) }],
  }
}

/** Measures a room now and then, and says at once when its door is opened for long or shut. */
export function probeProgram(
  named: Named & { readonly room: string; readonly zone: ColdZone },
): DeviceProgram {
  const { site, device, room, zone } = named
  const measure = (memory: DeviceMemory, noise: Noise): Record<string, number> => ({
    celsius: hundredth(memory.held.celsius! + 0.1 * (noise(0) + noise(1) - 1)),
    humidityPct: Math.round(10 * (memory.held.humidityPct! + 4 * (noise(2) - 0.5))) / 10,
    doorOpen: memory.held.doorOpen!,
  })
  return {
    site,
    device,
    kind: 'probe',
    zone,
    intervalMs: probeIntervalMs,
    isAligned: false,
    observe(memory, event, noise) {
      const state =
        event.type === 'climate' ? event.rooms.find((one) => one.room === room) : undefined
      if (!state) return []
      const wasOpen = memory.held.doorOpen ?? 0
      memory.held.celsius = hundredth(state.celsius)
      memory.held.humidityPct = state.humidityPct
      memory.held.doorOpen = state.doorOpen ? 1 : 0
      return memory.held.doorOpen === wasOpen
        ? []
        : [{ at: event.at, values: measure(memory, noise) }]
    },
    report: (memory, at, noise) =>
      memory.held.celsius === undefined ? [] : [{ at, values: measure(memory, noise) }],
  }
}

function hundredth(value: number): number {
  return Math.round(value * 100) / 100
}

/** Counts who passes a door; a count of none is said too, so that silence means a fault. */
export function footfallProgram(named: Named & { readonly door: number }): DeviceProgram {
  const { site, device, door } = named
  return {
    site,
    device,
    kind: 'footfall',
    zone: null,
    intervalMs: footfallIntervalMs,
    isAligned: true,
    observe(memory, event) {
      if (event.type !== 'door' || event.door !== door) return []
      memory.held.in = (memory.held.in ?? 0) + event.in
      memory.held.out = (memory.held.out ?? 0) + event.out
      return []
    },
    report(memory, at) {
      const values = { in: memory.held.in ?? 0, out: memory.held.out ?? 0 }
      memory.held.in = 0
      memory.held.out = 0
      // The last millisecond of the interval, so that a full hour's count lies in that hour.
      return [{ at: at - 1, values }]
    },
  }
}

/** Sends each sale at once, a line a message. */
export function tillProgram(
  named: Named & { readonly till: number; readonly gtins: ReadonlyMap<string, string> },
): DeviceProgram {
  const { site, device, till, gtins } = named
  return {
    site,
    device,
    kind: 'till',
    zone: null,
    intervalMs: tillIntervalMs,
    isAligned: false,
    observe: (_memory, event) =>
      event.type === 'sale' && event.till === till
        ? event.lines.map(({ product, units }) => ({
            at: event.at,
            gtin: gtins.get(product)!,
            values: { sold: units },
          }))
        : [],
    report: (_memory, at) => [{ at, values: { rssiDbm: -52 } }],
  }
}

/** Every device of a city: a shelf sensor per facing, a probe per room, a counter per door, the tills. */
export function programsOf(
  master: CityMaster,
  layout: readonly SiteLayout[],
  stock: readonly { readonly site: string; readonly product: string; readonly units: number }[],
): readonly DeviceProgram[] {
  const gtins = new Map(master.products.map(({ id, gtin }) => [id, gtin]))
  const opening = new Map(stock.map(({ site, product, units }) => [`${site}/${product}`, units]))
  const count = (length: number): readonly number[] => Array.from({ length }, (_, i) => i)
  return [
    ...master.planograms.flatMap(({ site, product, device, unitGrams = 500 }) =>
      device === undefined
        ? []
        : [
            shelfProgram({
              site,
              device,
              product,
              unitGrams,
              units: opening.get(`${site}/${product}`) ?? 0,
            }),
          ],
    ),
    ...layout.flatMap(({ site, rooms, doors, tills }) => [
      ...rooms.map(({ room, zone }) => probeProgram({ site, device: `probe-${room}`, room, zone })),
      ...count(doors).map((door) => footfallProgram({ site, device: `door-${door + 1}`, door })),
      ...count(tills).map((till) => tillProgram({ site, device: `till-${till + 1}`, till, gtins })),
    ]),
  ]
}

/** Which devices an event can matter to, so that 600 of them need not look at each. */
export function audience(program: DeviceProgram): { site: string; type: CityEvent['type'] } {
  const types = { shelf: 'shelf', probe: 'climate', footfall: 'door', till: 'sale' } as const
  return { site: program.site, type: program.kind === 'gateway' ? 'truck' : types[program.kind] }
}
