import type { Quality, Reading } from '../../domain/index.ts'
import type { SeriesSelector } from './series-store.ts'

/** Numbers that rows keep for a quality. Never renumber. */
export const qualities: readonly Quality[] = [
  'good',
  'clock',
  'sequence',
  'unregistered',
  'imported',
]

export function qualityNumber(quality: Quality): number {
  return qualities.indexOf(quality)
}

const unregistered = qualityNumber('unregistered')

/** Readings of a device that nobody has adopted stay out of the hours, and so out of every forecast. */
export function isOfHour(quality: number): boolean {
  return quality !== unregistered
}

const sequence = qualityNumber('sequence')

/** Of the same reading twice: below 0 where `a` says that its number was given twice and `b` does not. That is found out late, and stays. */
export function compareDoubt(a: number, b: number): number {
  return Number(b === sequence) - Number(a === sequence)
}

export interface SeriesName {
  readonly id: number
  readonly site: string
  readonly device: string
  readonly channel: string
  /** Empty where the reading's is null. */
  readonly gtin: string
}

/** A reading as a row, its boot as text. */
export interface ReadingRow {
  readonly at: number
  readonly value: number
  readonly boot: string
  readonly seq: number
  readonly index: number
  readonly received_at: number
  readonly quality: number
}

export function toReading(name: SeriesName, row: ReadingRow): Reading {
  return {
    site: name.site,
    device: name.device,
    channel: name.channel,
    gtin: name.gtin === '' ? null : name.gtin,
    at: row.at,
    receivedAt: row.received_at,
    value: row.value,
    seq: row.seq,
    boot: row.boot,
    index: row.index,
    quality: qualities[row.quality] ?? 'good',
  }
}

/** The part of a reading that decides which of two of one moment stays, and the order within a moment. */
export interface Rank {
  readonly boot: string
  readonly seq: number
  readonly index: number
  readonly value: number
}

/** By (boot, seq, index, value): what the store sees of "boot, seq, payload bytes". */
export function compareRank(a: Rank, b: Rank): number {
  if (a.boot !== b.boot) return compareBoots(a.boot, b.boot)
  return a.seq - b.seq || a.index - b.index || a.value - b.value
}

const counter = /^[0-9]+$/

/** A counter kept through power cuts is ordered as a number; anything else as text, after all counters. */
function compareBoots(a: string, b: string): number {
  const isCounter = counter.test(a)
  if (isCounter !== counter.test(b)) return isCounter ? -1 : 1
  return (isCounter ? a.length - b.length : 0) || compareText(a, b)
}

/** The order of one series' readings. */
export function compareRows(a: ReadingRow, b: ReadingRow): number {
  return a.at - b.at || compareRank(a, b)
}

export function compareNames(a: SeriesName, b: SeriesName): number {
  return (
    compareText(a.site, b.site) ||
    compareText(a.device, b.device) ||
    compareText(a.channel, b.channel) ||
    compareText(a.gtin, b.gtin)
  )
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}

/** The WHERE clause of a selector, and its parameters. */
export function selectorSql(selector: SeriesSelector): {
  readonly where: string
  readonly parameters: readonly string[]
} {
  const conditions: string[] = []
  const parameters: string[] = []
  for (const column of ['site', 'device', 'channel', 'gtin'] as const) {
    const value = selector[column]
    if (value === undefined) continue
    conditions.push(`${column} = ?`)
    parameters.push(value)
  }
  return {
    where: conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`,
    parameters,
  }
}
