import { LarderError, type ColdZone, type DeviceKind, type Random } from '../../domain/index.ts'
import { chanceOf, type CityEvent, type World } from '../city/index.ts'
import type { DeviceMessage, Measurement, Publication } from './device-message.ts'
import type { DeviceMemory, DeviceProgram, Noise } from './device-program.ts'
import { audience, programsOf } from './programs.ts'

export interface FleetDevice {
  readonly path: string
  readonly site: string
  readonly device: string
  readonly kind: DeviceKind
  readonly zone: ColdZone | null
  readonly boot: string
}

/** All devices of a city, without their network: events in, messages out, in order of time. */
export interface Fleet {
  readonly devices: readonly FleetDevice[]
  /** What the devices send because of these events and of the time passing up to `toAt`. */
  take(events: readonly CityEvent[], toAt: number): readonly Publication[]
  /** A command's new interval; an error says what is allowed. */
  setIntervalMs(path: string, intervalMs: number): void
  save(): unknown
}

interface SavedFleet {
  readonly memories: Readonly<Record<string, DeviceMemory>>
}

interface Unit {
  readonly program: DeviceProgram
  readonly path: string
  readonly memory: DeviceMemory
  readonly noise: Noise
}

export const firmware = '1.0.0'
const healthEvery = 24
export const intervalBounds = { fromMs: 1_000, toMs: 3_600_000 } as const

/** Boots and clock errors come from `random`; with `from` the devices go on with the seq and boot they had. */
export function createFleet(deps: {
  readonly world: Pick<World, 'masterData' | 'layout' | 'stock' | 'now'>
  readonly random: Random
  readonly from?: unknown
}): Fleet {
  const { world } = deps
  const saved = deps.from as SavedFleet | undefined
  const random = deps.random.fork('devices')
  const units = programsOf(world.masterData(), world.layout(), world.stock()).map(
    (program): Unit => {
      const path = `${program.site}/${program.device}`
      const memory =
        structuredClone(saved?.memories[path]) ?? newMemory(program, world.now(), random)
      const device = Number.parseInt(memory.boot.slice(0, 8), 16)
      return { program, path, memory, noise: (n) => chanceOf(device, memory.seq, n) }
    },
  )
  const byPath = new Map(units.map((unit) => [unit.path, unit]))
  const listeners = new Map<string, Unit[]>()
  for (const unit of units) {
    const { site, type } = audience(unit.program)
    const key = `${site} ${type}`
    listeners.set(key, [...(listeners.get(key) ?? []), unit])
  }

  const speak = (unit: Unit, measurements: readonly Measurement[]): readonly Publication[] => {
    if (measurements.length === 0) return []
    const messages = measurements.map((measurement, index) =>
      complete(unit, measurement, index === 0),
    )
    const payload = JSON.stringify(messages.length === 1 ? messages[0] : messages)
    return [{ path: unit.path, payload }]
  }

  /** Reports of devices whose time has come, the earliest first. */
  const reportUntil = (at: number): readonly Publication[] => {
    const said: { at: number; publications: readonly Publication[] }[] = []
    for (const unit of units) {
      while (unit.memory.nextAt <= at) {
        const dueAt = unit.memory.nextAt
        unit.memory.nextAt = nextReport(unit, dueAt)
        said.push({
          at: dueAt,
          publications: speak(unit, unit.program.report(unit.memory, dueAt, unit.noise)),
        })
      }
    }
    return said.sort((a, b) => a.at - b.at).flatMap(({ publications }) => publications)
  }

  return {
    devices: units.map(({ program, path, memory }) => ({
      path,
      site: program.site,
      device: program.device,
      kind: program.kind,
      zone: program.zone,
      boot: memory.boot,
    })),
    take(events, toAt) {
      const said: Publication[] = []
      let reportedTo = -Infinity
      for (const event of events) {
        // Devices look at their own clock by the second: what is due before the event's second comes first.
        const second = Math.floor(event.at / 1000) * 1000 - 1
        if (second > reportedTo) {
          said.push(...reportUntil(second))
          reportedTo = second
        }
        if (event.type === 'truck' || event.type === 'context') continue
        for (const unit of listeners.get(`${event.site} ${event.type}`) ?? []) {
          const measurements = unit.program.observe(unit.memory, event, unit.noise)
          if (measurements.length > 0 && !unit.program.isAligned)
            unit.memory.nextAt = event.at + unit.memory.intervalMs
          said.push(...speak(unit, measurements))
        }
      }
      said.push(...reportUntil(Math.floor(toAt / 1000) * 1000 - 1))
      return said
    },
    setIntervalMs(path, intervalMs) {
      const unit = byPath.get(path)
      const { fromMs, toMs } = intervalBounds
      if (!unit || !Number.isInteger(intervalMs) || intervalMs < fromMs || intervalMs > toMs)
        throw new LarderError(
          'RT_REQUEST_INVALID',
          `intervalMs must be a whole number from ${fromMs} to ${toMs}.`,
        )
      unit.memory.nextAt += intervalMs - unit.memory.intervalMs
      unit.memory.intervalMs = intervalMs
    },
    save: (): SavedFleet =>
      structuredClone({
        memories: Object.fromEntries(units.map(({ path, memory }) => [path, memory])),
      }),
  }
}

function newMemory(program: DeviceProgram, at: number, random: Random): DeviceMemory {
  const { intervalMs } = program
  const phase = program.isAligned ? 1 : random.next()
  return {
    seq: 0,
    boot: Array.from({ length: 4 }, () =>
      Math.floor(random.next() * 0x10000)
        .toString(16)
        .padStart(4, '0'),
    ).join(''),
    intervalMs,
    nextAt: program.isAligned
      ? (Math.floor(at / intervalMs) + 1) * intervalMs
      : at + Math.ceil(phase * intervalMs),
    clockErrorMs: program.isAligned ? 0 : Math.round(-1000 + 1500 * random.next()),
    held: {},
    sinceHealth: 0,
  }
}

function nextReport({ program, memory }: Unit, dueAt: number): number {
  return program.isAligned
    ? (Math.floor(dueAt / memory.intervalMs) + 1) * memory.intervalMs
    : dueAt + memory.intervalMs
}

function complete(
  { program, memory }: Unit,
  measurement: Measurement,
  isFirst: boolean,
): DeviceMessage {
  memory.seq++
  const health = isFirst && program.kind !== 'till' && memory.sinceHealth++ % healthEvery === 0
  const battery = Math.max(5, 100 - Math.floor(memory.seq / 500))
  return {
    seq: memory.seq,
    boot: memory.boot,
    at: measurement.at + memory.clockErrorMs,
    kind: program.kind,
    ...(measurement.gtin === undefined ? {} : { gtin: measurement.gtin }),
    values: health
      ? { ...measurement.values, batteryPct: battery, rssiDbm: -58 }
      : measurement.values,
  }
}
