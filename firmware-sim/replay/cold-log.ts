import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { dayMs, errorMessage, LarderError } from '../../domain/index.ts'

export interface ColdSample {
  readonly celsius: number
  readonly humidityPct: number
  /** The tag was moved since the sample before: its door was opened. */
  readonly isMoved: boolean
}

/** A day's log of a fridge or freezer, looped: the newest sample at a moment. */
export interface ColdLog {
  at(localMs: number): ColdSample
}

/** RuuviTag's CSV: columns timestamp, temperature, humidity, movement counter; uneven steps. */
export function readColdLog(path: string): ColdLog {
  try {
    const rows: Record<string, string>[] = parse(readFileSync(path), { columns: true })
    const samples = rows.map((row, index) => {
      const local = Date.parse(`${(row.timestamp ?? '').slice(0, 19)}Z`)
      const sample = {
        ofDay: ((local % dayMs) + dayMs) % dayMs,
        celsius: Number(row.temperature),
        humidityPct: Number(row.humidity),
        isMoved: index > 0 && row['movement counter'] !== rows[index - 1]?.['movement counter'],
      }
      if (!Number.isFinite(sample.ofDay + sample.celsius + sample.humidityPct))
        throw new LarderError(
          'RT_FILE_UNREADABLE',
          `line ${index + 2} has no timestamp, temperature or humidity`,
        )
      return sample
    })
    if (samples.length === 0) throw new LarderError('RT_FILE_UNREADABLE', 'it is empty')
    samples.sort((a, b) => a.ofDay - b.ofDay)
    return {
      at(localMs) {
        const ofDay = ((localMs % dayMs) + dayMs) % dayMs
        let [low, high] = [0, samples.length]
        while (low < high) {
          const middle = (low + high) >> 1
          if (samples[middle]!.ofDay <= ofDay) low = middle + 1
          else high = middle
        }
        return samples[(low + samples.length - 1) % samples.length]!
      },
    }
  } catch (error) {
    throw new LarderError(
      'RT_FILE_UNREADABLE',
      `The recording ${path} cannot be replayed: ${errorMessage(error)}. Take the folder away to replay without cold rooms.`,
      { cause: error },
    )
  }
}
