import {
  dayMs,
  hourMs,
  localTime,
  minuteMs,
  startOfDay,
  timeOfDay,
  type Forecast,
  type Site,
  type Slot,
  type SlotCapacity,
  type StaffShift,
} from '../../domain/index.ts'
import type { Settings } from '../../config/index.ts'
import { carryOver, walkInReserve } from '../capacity/index.ts'
import { demandFromQuantiles } from '../demand.ts'
import { listAll, type PlannerDeps } from './deps.ts'

/** Staff-minutes that one person who walks in takes, those who only look included. */
const minutesPerVisitor = 0.6
/** Walk-ins keep at most this share, so that a crowded hour can still be booked. */
const mostWalkInShare = 0.7
const defaultSlotMinutes = 15

/** Opens the slots of every store for the next hours. */
export async function openSlots(deps: PlannerDeps): Promise<number> {
  const { operations, settings } = deps
  const now = deps.clock.now()
  const until = now + settings.slotHorizonHours * hourMs
  const [sites, staff, footfall, kept] = await Promise.all([
    operations.all('sites'),
    operations.all('staff'),
    listAll(operations, 'forecasts', { type: 'footfall', latest: true }),
    listAll(operations, 'slots', { from: now - hourMs, to: until }),
  ])
  const slots = sites
    .filter(({ kind }) => kind === 'store')
    .flatMap((site) =>
      slotsOfSite(site, {
        ...{ now, until, settings },
        shifts: staff.filter((shift) => shift.site === site.id),
        footfall: footfall.find((forecast) => forecast.site === site.id) ?? null,
        kept: new Map(kept.map((slot) => [slot.id, slot])),
      }),
    )
  if (slots.length > 0) await operations.saveSlots(slots, now)
  return slots.length
}

export function slotsOfSite(
  site: Site,
  view: {
    readonly now: number
    readonly until: number
    readonly settings: Settings['planner']
    readonly shifts: readonly StaffShift[]
    readonly footfall: Forecast | null
    readonly kept: ReadonlyMap<string, Pick<Slot, 'usedMinutes' | 'heldMinutes'>>
  },
): readonly SlotCapacity[] {
  const { loadLimit, walkInReserve: level } = view.settings
  const lengthMinutes = site.slotMinutes ?? defaultSlotMinutes
  let carried = 0
  let carriedInto = -Infinity
  return slotStarts(site, lengthMinutes, view.now, view.until).map((startAt) => {
    const id = `${site.id}.${Math.floor(startAt / minuteMs)}`
    const staff = peopleAt(view.shifts, site.timeZone, startAt)
    const capacityMinutes = staff * lengthMinutes * loadLimit
    const expected = walkInForecast(view.footfall, startAt, lengthMinutes, level)
    const wanted = walkInReserve(expected, capacityMinutes)
    const walkInReserveMinutes =
      capacityMinutes > 0 ? Math.min(wanted, mostWalkInShare * capacityMinutes) : wanted
    const carriedOverMinutes = startAt === carriedInto ? carried : 0
    const kept = view.kept.get(id)
    const work = (kept?.usedMinutes ?? 0) + (kept?.heldMinutes ?? 0) + walkInReserveMinutes
    // Nobody at work finishes nothing: the rest waits for the next shift, not for this slot.
    carried = staff > 0 ? carryOver(carriedOverMinutes, work, staff * lengthMinutes) : 0
    carriedInto = startAt + lengthMinutes * minuteMs
    return {
      id,
      site: site.id,
      startAt,
      endAt: carriedInto,
      lengthMinutes,
      staff,
      capacityMinutes,
      walkInReserveMinutes,
      carriedOverMinutes,
      mode: 'normal',
      reasons: [
        staff > 0
          ? `${staff} people x ${lengthMinutes} min x ${loadLimit} = ${capacityMinutes.toFixed(1)} staff-minutes.`
          : 'No shift covers it: nobody can be booked.',
        expected === null
          ? `No footfall forecast: ${walkInReserveMinutes.toFixed(1)} are kept for walk-ins by default.`
          : wanted > walkInReserveMinutes
            ? `Walk-ins may need ${wanted.toFixed(1)}; they keep ${walkInReserveMinutes.toFixed(1)}, ${100 * mostWalkInShare} % of the slot.`
            : `${walkInReserveMinutes.toFixed(1)} are kept for walk-ins, the ${level} quantile of the footfall forecast.`,
        ...(carriedOverMinutes > 0
          ? [`${carriedOverMinutes.toFixed(1)} are carried over from the slot before.`]
          : []),
      ],
    }
  })
}

/** Whole slots within the opening hours that have not begun, before `until`. */
function slotStarts(site: Site, lengthMinutes: number, now: number, until: number): number[] {
  const lengthMs = lengthMinutes * minuteMs
  const starts: number[] = []
  for (let day = startOfDay(now - dayMs, site.timeZone); day < until;) {
    const next = startOfDay(day + 1.5 * dayMs, site.timeZone)
    const opensAt = site.opens === undefined ? day : timeOfDay(day, site.timeZone, site.opens)
    const closes = site.closes === undefined ? next : timeOfDay(day, site.timeZone, site.closes)
    const closesAt = closes > opensAt ? closes : closes + dayMs
    for (let at = opensAt; at + lengthMs <= closesAt && at < until; at += lengthMs)
      if (at >= now) starts.push(at)
    day = next
  }
  return [...new Set(starts)].sort((a, b) => a - b)
}

function peopleAt(shifts: readonly StaffShift[], timeZone: string, at: number): number {
  const { weekday, hour, minute } = localTime(at, timeZone)
  const time = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
  const dayBefore = weekday === 1 ? 7 : weekday - 1
  const onDay = (shift: StaffShift, day: number): boolean =>
    shift.weekday === undefined || shift.weekday === day
  return shifts
    .filter((shift) =>
      shift.start < shift.end
        ? onDay(shift, weekday) && shift.start <= time && time < shift.end
        : (onDay(shift, weekday) && time >= shift.start) ||
          (onDay(shift, dayBefore) && time < shift.end),
    )
    .reduce((sum, { people }) => sum + people, 0)
}

function walkInForecast(
  footfall: Forecast | null,
  startAt: number,
  lengthMinutes: number,
  level: number,
): number | null {
  if (!footfall) return null
  const hour = footfall.hours[Math.floor((startAt - footfall.origin) / hourMs)]
  if (!hour || hour.quantiles.length === 0) return null
  const visitors = demandFromQuantiles(hour.quantiles).quantile(level)
  return visitors * (lengthMinutes / 60) * minutesPerVisitor
}
