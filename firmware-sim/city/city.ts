import { dayMs, hourMs, LarderError, minuteMs, offsetMinutes } from '../../domain/index.ts'
import { createRandom } from '../../runtime/index.ts'
import { announce } from './announce.ts'
import { applyCommand } from './commands.ts'
import type { CityEvent, CityHistory, World } from './city-event.ts'
import {
  restoreState,
  saveState,
  startState,
  type Coming,
  type SavedCity,
  type Totals,
} from './city-state.ts'
import { emitClimate, moveClimate } from './climate.ts'
import { discount, localMoment } from './demand.ts'
import type { CityContext } from './city-context.ts'
import { demandOfHour, goOnWithVisit, letPeopleArrive } from './people.ts'
import { citySizes, planCity, type CitySize } from './plan-of-city.ts'
import { createRecorder } from './recorder.ts'
import { closeDay, sendMorningRuns, supplyWarehouses, unload } from './replenishment.ts'
import { closeEmptyHour } from './shelves.ts'
import { nextWeather } from './weather.ts'

export interface CityOptions {
  readonly seed: number
  readonly startAt: number
  readonly size?: keyof typeof citySizes | CitySize
  /** Days lived through before `startAt`, which `history()` then tells. */
  readonly historyDays?: number
  /** Goes on where `save()` was taken; then there is no history. */
  readonly from?: unknown
}

export interface City extends World {
  /** What no device can see: demand that met an empty shelf, and where every unit is. */
  truth(): Totals & { readonly onHand: number; readonly inTransit: number }
  /** Price over list price of a product at a site at a time; known ahead. */
  discount(site: string, product: string, at: number): number
  weather(): { readonly celsius: number; readonly rain: number }
}

const noHistory: CityHistory = {
  ...{ sales: () => [], footfall: () => [], temperatures: () => [], context: () => [] },
}

/**
 * A city by discrete events: the same seed gives the same events on any machine, however its steps are cut.
 * With `historyDays` it first lives through so many days, so that the past it tells is its own.
 */
export function createCity(options: CityOptions): City {
  const { seed, startAt, historyDays = 0 } = options
  const size = typeof options.size === 'object' ? options.size : citySizes[options.size ?? 'full']
  const plan = planCity(createRandom(seed).fork('plan'), size)
  const offsetMs = offsetMinutes(startAt, plan.timeZone) * minuteMs
  const beginAt = Math.floor((startAt - historyDays * dayMs) / hourMs) * hourMs
  const state =
    options.from === undefined
      ? startState(plan, seed, beginAt, offsetMs)
      : restoreState(options.from as SavedCity)
  let events: CityEvent[] = []
  const live: CityContext = {
    plan,
    seed,
    state,
    emit: (event) => events.push(event),
    recorder: null,
  }

  let ofHour: { readonly hour: number; readonly demand: ReturnType<typeof demandOfHour> } | null =
    null
  let history = noHistory
  if (historyDays > 0 && options.from === undefined) {
    const hours = Math.ceil((startAt - beginAt) / hourMs)
    const recorder = createRecorder(plan, beginAt, hours)
    run({ ...live, emit: null, recorder }, startAt)
    history = recorder.history()
  }

  function demandNow(at: number): ReturnType<typeof demandOfHour> {
    const hour = Math.floor(at / hourMs)
    if (ofHour?.hour !== hour)
      ofHour = { hour, demand: demandOfHour(live, localMoment(at, offsetMs)) }
    return ofHour.demand
  }

  function run(context: CityContext, until: number): void {
    let demand = demandNow(state.at)
    for (let next = state.queue.pop(until); next; next = state.queue.pop(until)) {
      state.at = next.at
      if (next.what === 'minute') demand = liveMinute(context, next.at, demand)
      else handle(context, next, next.at)
    }
    state.at = Math.max(state.at, until)
  }

  function liveMinute(
    context: CityContext,
    at: number,
    demand: ReturnType<typeof demandOfHour>,
  ): ReturnType<typeof demandOfHour> {
    state.queue.push(at + minuteMs, { what: 'minute' })
    const moment = localMoment(at, offsetMs)
    moveClimate(context, at, moment)
    let now = demand
    if (moment.minute === 0) {
      closeEmptyHour(context, at)
      if (moment.hour === 0) closeDay(context)
      if (moment.hour === 3) supplyWarehouses(context, at)
      if (moment.hour === 5) sendMorningRuns(context, at)
      state.weather = nextWeather(state.weather, at, offsetMs, state.chance.weather)
      for (const issue of announce(context, at, moment, offsetMs)) {
        context.recorder?.said(issue)
        context.emit?.({ type: 'context', at, issue })
      }
      // A city that begins on the hour has asked already, with the weather before.
      ofHour = null
      now = demandNow(at)
    }
    letPeopleArrive(context, at, now)
    emitClimate(context, at)
    return now
  }

  function handle(
    context: CityContext,
    next: Exclude<Coming, { what: 'minute' }>,
    at: number,
  ): void {
    if (next.what === 'visit') {
      goOnWithVisit(context, next, at)
      return
    }
    const load = state.loads[next.load]
    if (!load) return
    const [from, to] = [plan.sites[load.from]!.site.id, plan.sites[load.to]!.site.id]
    context.emit?.({ type: 'truck', at, what: 'arrived', load: next.load, from, to })
    if (load.isOwn) unload(context, next.load, load, load.to, at)
  }

  return {
    now: () => state.at,
    step(toAt) {
      run(live, toAt)
      const happened = events
      events = []
      return happened
    },
    apply: (command) => applyCommand(live, command, state.at),
    masterData: () => plan.master,
    layout: () => plan.sites.map(({ layout }) => layout),
    stock: () =>
      plan.sites.flatMap(({ site }, place) =>
        plan.entries.map(({ product }, index) => ({
          site: site.id,
          product: product.id,
          units: state.sites[place]!.units[index]!,
        })),
      ),
    history: () => history,
    appetite(site) {
      const place = plan.sites.findIndex((one) => one.site.id === site)
      const chances = demandNow(state.at)[place]?.chances ?? []
      return plan.entries.map(({ product }, index) => ({
        product: product.id,
        weight: chances[index] ?? 0,
      }))
    },
    save() {
      if (events.length > 0)
        throw new LarderError('RT_WRONG_STATE', 'The city is saved only after a step.')
      return saveState(state)
    },
    truth() {
      const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
      return {
        ...state.totals,
        onHand: sum(state.sites.map(({ units }) => sum(units))),
        inTransit: sum(
          Object.values(state.loads).flatMap(({ lines }) => lines.map(([, units]) => units)),
        ),
      }
    },
    discount(site, product, at) {
      const place = plan.sites.findIndex((one) => one.site.id === site)
      const index = plan.entries.findIndex((one) => one.product.id === product)
      return discount(seed, place, index, localMoment(at, offsetMs).day)
    },
    weather: () => ({ celsius: state.weather.celsius, rain: state.weather.rain }),
  }
}
