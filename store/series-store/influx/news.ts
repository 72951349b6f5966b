import type { Reading } from '../../../domain/index.ts'
import { compareRank } from '../series-rows.ts'
import { escapeText } from './point-layout.ts'

/** Readings of one write that are told to those who watch what comes in. */
export const newsOfOneWrite = 1000
const newsTextAtMost = 60_000

/** The newest reading of each series of the batch as text, where those that ask for news find it without a look at every series. */
export function newsLines(
  readings: readonly Reading[],
  writer: string,
  nanoseconds: number,
): string[] {
  const newest = new Map<string, Reading>()
  let receivedAt = 0
  for (let i = readings.length - 1; i >= 0 && newest.size < newsOfOneWrite; i--) {
    const reading = readings[i]!
    receivedAt = Math.max(receivedAt, reading.receivedAt)
    const key = `${reading.site}/${reading.device}/${reading.channel}/${reading.gtin ?? ''}`
    const known = newest.get(key)
    if (!known || (reading.at - known.at || compareRank(reading, known)) > 0)
      newest.set(key, reading)
  }
  if (newest.size === 0) return []
  const fields: string[] = []
  let text = ''
  for (const reading of newest.values()) {
    const one = escapeText(JSON.stringify(inOrder(reading)))
    if (text.length + one.length > newsTextAtMost) {
      fields.push(text)
      text = ''
    }
    text += text === '' ? one : `,${one}`
  }
  fields.push(text)
  return [
    `news,writer=${writer} ${fields.map((part, i) => `part${i}="${part}"`).join(',')} ${receivedAt}${String(nanoseconds).padStart(6, '0')}`,
  ]
}

function inOrder(reading: Reading): readonly (string | number | null)[] {
  const { site, device, channel, gtin, at, receivedAt, value, seq, boot, index, quality } = reading
  return [site, device, channel, gtin, at, receivedAt, value, seq, boot, index, quality]
}

/** Readings of a text made by `newsLines`. */
export function readNews(text: string): Reading[] {
  const rows = JSON.parse(`[${text}]`) as [
    ...[string, string, string, string | null, number, number, number, number, string, number],
    Reading['quality'],
  ][]
  return rows.map(
    ([site, device, channel, gtin, at, receivedAt, value, seq, boot, index, quality]) => ({
      ...{ site, device, channel, gtin, at, receivedAt, value, seq, boot, index, quality },
    }),
  )
}
