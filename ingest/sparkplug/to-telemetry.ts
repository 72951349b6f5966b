import { channels, channelType, normaliseGtin } from '../../domain/index.ts'
import { badPayload, maxReadings, type Telemetry } from '../decode/telemetry.ts'
import { findRules, readChannel } from '../profiles/apply-profile.ts'
import type { Profile } from '../profiles/profile.ts'
import type { MetricValue } from './metric-values.ts'

interface Found {
  readonly channel: string
  readonly gtin: string | null
  readonly value: number
}

export interface Channelled {
  readonly parts: readonly Telemetry[]
  /** Numbers whose name is no channel, and which no profile knows. */
  readonly unknown: number
}

const channelName = /^[A-Za-z][A-Za-z0-9_]{0,63}$/

/**
 * Metrics as channels: by the profile of the topic, whose pointers point at names (`/Inputs~1Temperature`); else by a name that is
 * a channel, or `sold/GTIN`. A birth says counts again that were said before: it counts nothing.
 */
export function toTelemetry(
  topic: string,
  metrics: readonly MetricValue[],
  options: { readonly profiles: readonly Profile[]; readonly isBirth: boolean },
): Channelled {
  const rules = findRules(topic, options.profiles)?.rules.flatMap((rule) => rule.channels) ?? null
  const byTime = new Map<string, { at: number | null; gtin: string | null; found: Found[] }>()
  let unknown = 0
  for (const { name, value, at } of metrics) {
    const found = toChannels(name, value, rules)
    if (found.length === 0) unknown++
    for (const one of found) {
      if (options.isBirth && channelType(one.channel) === 'count') continue
      const key = `${at} ${one.gtin}`
      const group = byTime.get(key) ?? { at, gtin: one.gtin, found: [] }
      byTime.set(key, group)
      group.found.push(one)
    }
  }
  const parts = [...byTime.values()].map(({ at, gtin, found }) => ({
    ...{ seq: null, boot: '', at, gtin },
    channels: found.map(({ channel }) => channel),
    values: found.map(({ value }) => value),
  }))
  if (parts.reduce((sum, { values }) => sum + values.length, 0) > maxReadings)
    throw badPayload('too-many-readings', `One payload carries at most ${maxReadings} readings.`)
  return { parts, unknown }
}

function toChannels(
  name: string,
  value: number,
  rules: NonNullable<ReturnType<typeof findRules>>['rules'][number]['channels'] | null,
): readonly Found[] {
  const named = { [name]: value }
  const ruled = (rules ?? []).flatMap((rule) => readChannel(named, rule) ?? [])
  if (ruled.length > 0) return ruled.map((one) => ({ ...one, gtin: null }))
  const gtin = name.startsWith('sold/') ? normaliseGtin(name.slice('sold/'.length)) : null
  if (gtin !== null) return [{ channel: 'sold', gtin, value }]
  if (name === 'sold' || !channelName.test(name)) return []
  const isOurs = channels.some((channel) => channel.name === name)
  return isOurs || rules === null ? [{ channel: name, gtin: null, value }] : []
}
