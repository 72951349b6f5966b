import {
  hourMs,
  minuteMs,
  toRfc3339,
  type Booking,
  type Product,
  type Reading,
  type ReleaseTask,
  type ThermalModel,
} from '../../domain/index.ts'
import { planRelease, releaseWords } from '../release/index.ts'
import { listAll, type PlannerDeps } from './deps.ts'

/** Customers are later than this once in ten. */
const latenessMs = 12 * minuteMs
const handlingMs = 5 * minuteMs
const defaultStagingCelsius = 25
/** A staging reading older than this says nothing of now. */
const freshMs = 2 * hourMs

/** A one-litre carton, where a product does not say how it warms: it warms faster than most. */
const defaultThermal: ThermalModel = {
  model: 'slab',
  thicknessMm: 70,
  conductivityWmK: 0.55,
  densityKgM3: 1030,
  heatCapacityJkgK: 3900,
  filmWm2K: 8,
}
/** Chilled at most 8 degrees (GB/T 24616-2019); frozen -18, in hand-over 3 degrees more for a short time (89/108/EEC). */
const defaults = {
  chilled: { storedCelsius: 4, limitCelsius: 8 },
  frozen: { storedCelsius: -20, limitCelsius: -15 },
} as const

export interface Staging {
  readonly celsius: number
  readonly probe: string | null
}

/** One task per booking and cold product of the hours ahead; those of bookings that are off are cancelled. */
export async function planReleaseTasks(deps: PlannerDeps): Promise<number> {
  const { operations, settings } = deps
  const now = deps.clock.now()
  const range = { from: now - hourMs, to: now + settings.slotHorizonHours * hourMs }
  const [bookings, existing, products, sites] = await Promise.all([
    listAll(operations, 'bookings', range),
    listAll(operations, 'release-tasks', range),
    operations.all('products'),
    operations.all('sites'),
  ])
  const known = new Map(existing.map((task) => [task.id, task]))
  const cold = new Map(
    products.filter(({ tempClass }) => tempClass !== 'ambient').map((one) => [one.id, one]),
  )
  const zones = new Map(sites.map(({ id, timeZone }) => [id, timeZone]))
  const staging = new Map<string, Staging>()
  const changed: ReleaseTask[] = []
  for (const booking of bookings) {
    if (booking.status === 'booked' && booking.startAt > now) {
      let air = staging.get(booking.site)
      if (!air) staging.set(booking.site, (air = await readStaging(deps, booking.site, now)))
      for (const [product, units] of coldUnits(booking, cold)) {
        const before = known.get(`${booking.id}.${product.id}`)
        // Somebody may already be on the way to the cold room: the plan stays.
        if (before && (before.status !== 'planned' || before.releaseNotBefore <= now)) continue
        const task = planTask(booking, product, units, air, zones.get(booking.site) ?? 'UTC')
        if (!before || differs(before, task)) changed.push(task)
      }
    } else if (booking.status === 'cancelled' || booking.status === 'missed') {
      for (const task of existing)
        if (task.booking === booking.id && task.status === 'planned')
          changed.push({ ...task, status: 'cancelled' })
    }
  }
  if (changed.length > 0) await operations.saveReleaseTasks(changed, now)
  return changed.length
}

function coldUnits(
  booking: Booking,
  cold: ReadonlyMap<string, Product>,
): ReadonlyMap<Product, number> {
  const units = new Map<Product, number>()
  for (const line of booking.baskets.flatMap(({ lines }) => lines)) {
    const product = cold.get(line.product)
    if (product) units.set(product, (units.get(product) ?? 0) + line.units)
  }
  return units
}

export function planTask(
  booking: Booking,
  product: Product,
  units: number,
  staging: Staging,
  timeZone: string,
): ReleaseTask {
  const usual = defaults[product.tempClass === 'frozen' ? 'frozen' : 'chilled']
  const thermal = product.thermal ?? defaultThermal
  const question = {
    thermal,
    storedCelsius: product.storedCelsius ?? usual.storedCelsius,
    limitCelsius: product.limitCelsius ?? usual.limitCelsius,
    staging: [{ at: booking.startAt, celsius: staging.celsius }],
    pickUpAt: booking.startAt,
    latenessMs,
    handlingMs,
    temperFromAt: null,
  }
  const plan = planRelease(question)
  const air =
    staging.probe === null
      ? `No staging probe has told its temperature: ${staging.celsius} °C is assumed.`
      : `Staging is at ${staging.celsius.toFixed(1)} °C (${staging.probe}).`
  const pack = product.thermal ? '' : ' It is taken for a one-litre carton.'
  return {
    id: `${booking.id}.${product.id}`,
    booking: booking.id,
    site: booking.site,
    product: product.id,
    units,
    pickUpAt: booking.startAt,
    releaseNotBefore: plan.releaseNotBefore,
    releaseNotAfter: plan.releaseNotAfter,
    limitCelsius: question.limitCelsius,
    predictedSurfaceCelsius: plan.surfaceAtPickUp,
    predictedSurfaceCelsiusP90: plan.surfaceAtLateness,
    model: thermal.model,
    biot: plan.biot,
    binding: plan.binding,
    feasible: plan.feasible,
    ambientProbe: staging.probe,
    words: `${releaseWords(question, plan, (at) => toRfc3339(at, timeZone).slice(11, 16))} ${air}${pack}`,
    status: 'planned',
  }
}

function differs(a: ReleaseTask, b: ReleaseTask): boolean {
  return (
    Math.abs(a.releaseNotBefore - b.releaseNotBefore) >= minuteMs ||
    a.pickUpAt !== b.pickUpAt ||
    a.units !== b.units ||
    a.feasible !== b.feasible ||
    a.ambientProbe !== b.ambientProbe
  )
}

async function readStaging(deps: PlannerDeps, site: string, now: number): Promise<Staging> {
  const devices = await listAll(deps.operations, 'devices', { site })
  let newest: Reading | null = null
  for (const { device, kind, zone } of devices) {
    if (kind !== 'probe' || zone !== 'staging') continue
    for (const reading of await deps.series.latest({ site, device, channel: 'celsius' }))
      if (reading.at > now - freshMs && (!newest || reading.at > newest.at)) newest = reading
  }
  return newest
    ? { celsius: newest.value, probe: newest.device }
    : { celsius: defaultStagingCelsius, probe: null }
}
