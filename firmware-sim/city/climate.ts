import { stepRoom } from './cold-room.ts'
import type { LocalMoment } from './demand.ts'
import type { CityContext } from './city-context.ts'

/** A room's door is left ajar about once in 25 days. */
const ajarPerMinute = 1 / (25 * 1440)

/** One minute of every room: doors that stood open, doors left ajar, defrosting. */
export function moveClimate(context: CityContext, at: number, moment: LocalMoment): void {
  const { state, recorder } = context
  const random = state.chance.rooms
  for (const [site, { rooms }] of state.sites.entries())
    for (const [index, room] of rooms.entries()) {
      if (random.next() < ajarPerMinute && room.zone !== 'ambient' && room.zone !== 'staging')
        room.ajarUntil = at + Math.round((15 + 35 * random.next()) * 60_000)
      stepRoom(room, at, state.weather.celsius, moment.hour * 60 + moment.minute)
      if (moment.minute === 0) recorder?.climate(site, index, room.celsius, at)
    }
}

export function emitClimate(context: CityContext, at: number): void {
  const { plan, state, emit } = context
  if (!emit) return
  for (const [site, { rooms }] of state.sites.entries())
    emit({
      type: 'climate',
      at,
      site: plan.sites[site]!.site.id,
      rooms: rooms.map(({ room, zone, celsius, ajarUntil }) => ({
        room,
        celsius,
        humidityPct: zone === 'frozen' ? 55 : zone === 'chilled' ? 72 : 48,
        doorOpen: ajarUntil > at,
      })),
    })
}
