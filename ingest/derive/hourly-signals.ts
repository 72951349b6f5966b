import { derivedChannels, derivedDevice, hourMs, type Reading } from '../../domain/index.ts'
import type { SeriesStore } from '../../store/index.ts'
import type { Catalogue } from '../catalogue.ts'
import type { Deriver } from '../sinks/series-sink.ts'
import { doorRule } from './door-openings.ts'
import { hourOf, type HourlyRule } from './hourly-rule.ts'
import { outOfStockRule } from './out-of-stock.ts'
import { shelfRule } from './shelf-signals.ts'

/** A site that was silent for longer has its hours from then on: what came before is a gap. */
const mostHoursAtOnce = 48

interface SiteState {
  /** Start of the first hour that is not computed yet. */
  next: number
  /** Of the last values written: the next ones are above it. */
  seq: number
}

interface Due {
  /** Hours that are over for the first time: [from, to). */
  from: number
  to: number
  receivedAt: number
  readonly late: Map<string, Set<number>>
}

/**
 * What is derived of each full hour of a site, under the device `derived`: once a message of the site has come from beyond the hour, and
 * again when a late reading falls into it or shortly before. The receive time is the seq, so that a later computation wins.
 */
export async function createHourlySignals(deps: {
  readonly series: SeriesStore
  readonly catalogue: Catalogue
}): Promise<Deriver> {
  const { series, catalogue } = deps
  const rules: readonly HourlyRule[] = [
    outOfStockRule(series, catalogue),
    doorRule(series),
    shelfRule(series, catalogue),
  ]
  const inputs = new Set(rules.flatMap((rule) => rule.inputs))
  const sites = await readSites(series)

  function findDue(readings: readonly Reading[]): ReadonlyMap<string, Due> {
    const due = new Map<string, Due>()
    let site = ''
    let next = 0
    for (const reading of readings) {
      const { at, receivedAt, channel } = reading
      if (reading.site !== site) {
        site = reading.site
        const state = sites.get(site)
        next = state?.next ?? hourOf(receivedAt)
        if (!state) {
          sites.set(site, { next, seq: 0 })
          continue
        }
      }
      const isOver = receivedAt >= next + hourMs
      const isLate = at < next && inputs.has(channel)
      if (!isOver && !isLate) continue
      const one: Due = due.get(site) ?? { from: next, to: next, receivedAt, late: new Map() }
      due.set(site, one)
      one.receivedAt = Math.max(one.receivedAt, receivedAt)
      one.to = Math.max(one.to, hourOf(receivedAt))
      one.from = Math.max(next, one.to - mostHoursAtOnce * hourMs)
      if (isLate) one.late.set(channel, (one.late.get(channel) ?? new Set()).add(hourOf(at)))
    }
    return due
  }

  /** Hours of a rule that late readings reach. */
  function reopenedOf(rule: HourlyRule, { to, late }: Due): ReadonlySet<number> {
    const hours = new Set<number>()
    for (const channel of rule.inputs)
      for (const hour of late.get(channel) ?? [])
        for (let i = -rule.settlesHours; i <= rule.carriesHours; i++)
          if (hour + i * hourMs < to) hours.add(hour + i * hourMs)
    return hours
  }

  /** These, the hours that are over now, and those that settle with them. */
  function hoursOf(
    rule: HourlyRule,
    { from, to }: Due,
    reopened: ReadonlySet<number>,
  ): readonly number[] {
    const hours = new Set(reopened)
    const first = from < to ? from - rule.settlesHours * hourMs : to
    for (let hour = first; hour < to; hour += hourMs) hours.add(hour)
    return [...hours].sort((a, b) => a - b)
  }

  return {
    isDue: (readings) => findDue(readings).size > 0,
    async derive(readings) {
      const due = findDue(readings)
      const derived: Reading[] = []
      const seqs = new Map<string, number>()
      for (const [site, one] of due) {
        const seq = Math.max(one.receivedAt, sites.get(site)!.seq + 1)
        seqs.set(site, seq)
        for (const rule of rules) {
          const reopened = reopenedOf(rule, one)
          for (const value of await rule.derive(site, hoursOf(rule, one, reopened), reopened))
            derived.push({
              ...{ site, device: derivedDevice, ...value, receivedAt: one.receivedAt, seq },
              ...{ boot: '', index: 0, quality: 'good' },
            })
        }
      }
      return {
        derived,
        settle() {
          for (const [site, { to }] of due) {
            const state = sites.get(site)!
            state.next = Math.max(state.next, to)
            state.seq = Math.max(state.seq, seqs.get(site)!)
          }
        },
      }
    },
  }
}

/** Where the hours of each site go on, by what is in the store. */
async function readSites(series: SeriesStore): Promise<Map<string, SiteState>> {
  const sites = new Map<string, SiteState>()
  for (const { name } of derivedChannels)
    for (const { site, at, seq, boot } of await series.latest({
      ...{ device: derivedDevice, channel: name },
    })) {
      const state = sites.get(site) ?? { next: 0, seq: 0 }
      state.next = Math.max(state.next, at + hourMs)
      if (boot === '') state.seq = Math.max(state.seq, seq)
      sites.set(site, state)
    }
  return sites
}
