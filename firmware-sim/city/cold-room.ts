import type { ColdZone } from '../../domain/index.ts'

export interface ColdRoom {
  readonly room: string
  readonly zone: ColdZone
  celsius: number
  /** Seconds its door stood open in the minute under way. */
  openSeconds: number
  /** Left ajar until then; 0: shut. */
  ajarUntil: number
}

interface RoomPhysics {
  /** Null: follows the shop's own temperature. */
  readonly setCelsius: number | null
  readonly minutes: number
  /** Share of the way from the set point to the shop's temperature that an always open door leads to. */
  readonly doorGain: number
}

const physics: Readonly<Record<ColdZone, RoomPhysics>> = {
  chilled: { setCelsius: 3.4, minutes: 14, doorGain: 0.75 },
  frozen: { setCelsius: -21.5, minutes: 25, doorGain: 0.5 },
  ambient: { setCelsius: null, minutes: 45, doorGain: 0 },
  staging: { setCelsius: null, minutes: 20, doorGain: 0 },
}

/** Air of the sales floor: heated in winter, cooled in summer. */
export function shopCelsius(outsideCelsius: number): number {
  return 22 + 0.15 * (outsideCelsius - 18)
}

export function startRoom(room: string, zone: ColdZone, outsideCelsius: number): ColdRoom {
  const celsius = physics[zone].setCelsius ?? shopCelsius(outsideCelsius)
  return { room, zone, celsius, openSeconds: 0, ajarUntil: 0 }
}

/** First order: the exact solution of dT/dt = (target - T)/tau over a step in which the target stands still. */
export function approach(celsius: number, target: number, minutes: number, tau: number): number {
  return target + (celsius - target) * Math.exp(-minutes / tau)
}

/** Where a room tends to with its door open that share of the time. A freezer defrosts three times a day for 20 minutes. */
export function targetCelsius(
  zone: ColdZone,
  openShare: number,
  outsideCelsius: number,
  localMinuteOfDay: number,
): number {
  const { setCelsius, doorGain } = physics[zone]
  const shop = shopCelsius(outsideCelsius) + (zone === 'staging' ? 0.8 : 0)
  if (setCelsius === null) return shop
  const defrost = zone === 'frozen' && (localMinuteOfDay + 200) % 480 < 20 ? 9 : 0
  return setCelsius + defrost + doorGain * openShare * (shop - setCelsius)
}

/** One minute on. */
export function stepRoom(
  room: ColdRoom,
  at: number,
  outsideCelsius: number,
  localMinuteOfDay: number,
): void {
  const open = room.ajarUntil > at ? 60 : Math.min(60, room.openSeconds)
  const target = targetCelsius(room.zone, open / 60, outsideCelsius, localMinuteOfDay)
  room.celsius = approach(room.celsius, target, 1, physics[room.zone].minutes)
  room.openSeconds = 0
}
