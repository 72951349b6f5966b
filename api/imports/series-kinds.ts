import {
  derivedDevice,
  hourMs,
  LarderError,
  outOfStockMinutes,
  type Reading,
} from '../../domain/index.ts'
import type { ApiContext } from '../context.ts'
import { hourCell, nameCell, numberCell, productCell, siteCell, timeCell } from './cells.ts'
import type { ImportKind, Lined, LineProblem } from './import-kind.ts'

type ReadingParts = Pick<Reading, 'site' | 'device' | 'channel' | 'gtin' | 'at' | 'value'>

/** An import's own sequence is the time itself: the same row again is the same reading. */
const imported = (parts: ReadingParts, receivedAt: number, seq: number): Reading => ({
  ...parts,
  receivedAt,
  seq,
  boot: 'import',
  index: 0,
  quality: 'imported',
})

const hourly = (parts: ReadingParts, receivedAt: number): Reading =>
  imported(parts, receivedAt, Math.floor(parts.at / hourMs))

async function writeReadings(
  rows: readonly Lined<readonly Reading[]>[],
  { seriesWriter }: ApiContext,
): Promise<readonly LineProblem[]> {
  const readings = rows.flatMap(({ item }) => item)
  const lines = rows.flatMap(({ line, item }) => item.map(() => line))
  const outcomes = await seriesWriter.write(readings)
  const problems = new Map<number, string>()
  for (const [i, outcome] of outcomes.entries()) {
    if (outcome.status === 'retry')
      throw new LarderError(
        'RT_NOT_READY',
        `The store cannot take readings now: ${outcome.words} Import the file again later; what is stored already stays once.`,
      )
    const line = lines[i]
    if (outcome.status === 'rejected' && line !== undefined) problems.set(line, outcome.words)
  }
  return [...problems].map(([line, words]) => ({ line, words }))
}

const mostUnits = { least: 0, most: 1e9 }

export const sales: ImportKind<readonly Reading[]> = {
  name: 'sales',
  required: ['site', 'product', 'at', 'units'],
  optional: ['outOfStockMinutes'],
  read(row, known) {
    const site = siteCell(row, known)
    const { gtin } = productCell(row, known)
    const at = hourCell(row, 'at', site, known)
    const place = { site: site.id, device: derivedDevice, gtin, at }
    const sold = { ...place, channel: 'sold', value: numberCell(row, 'units', mostUnits) }
    if (row.outOfStockMinutes === undefined) return [hourly(sold, known.now)]
    const value = numberCell(row, 'outOfStockMinutes', { least: 0, most: 60 })
    return [
      hourly(sold, known.now),
      hourly({ ...place, channel: outOfStockMinutes, value }, known.now),
    ]
  },
  write: writeReadings,
}

export const footfall: ImportKind<readonly Reading[]> = {
  name: 'footfall',
  required: ['site', 'at', 'in', 'out'],
  optional: [],
  read(row, known) {
    const site = siteCell(row, known)
    const at = hourCell(row, 'at', site, known)
    return (['in', 'out'] as const).map((channel) =>
      hourly(
        {
          site: site.id,
          device: derivedDevice,
          channel,
          gtin: null,
          at,
          value: numberCell(row, channel, mostUnits),
        },
        known.now,
      ),
    )
  },
  write: writeReadings,
}

export const temperatures: ImportKind<readonly Reading[]> = {
  name: 'temperatures',
  required: ['site', 'device', 'at', 'celsius'],
  optional: [],
  read(row, known) {
    const at = timeCell(row, 'at', known)
    return [
      imported(
        {
          site: siteCell(row, known).id,
          device: nameCell(row, 'device'),
          channel: 'celsius',
          gtin: null,
          at,
          value: numberCell(row, 'celsius', { least: -273.15, most: 1000 }),
        },
        known.now,
        Math.floor(at / 1000),
      ),
    ]
  },
  write: writeReadings,
}
