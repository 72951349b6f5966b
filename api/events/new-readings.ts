import type { Reading } from '../../domain/index.ts'
import type { ApiClock, SeriesReader } from '../deps.ts'

const mostAtOnce = 1000

/** The newest reading of each series since the last call; a reading is given once, even where it is written late. */
export function createNewReadings(
  series: Pick<SeriesReader, 'latest'>,
  clock: Pick<ApiClock, 'now'>,
): { read(): Promise<readonly Reading[]> } {
  let since: number | null = null
  let given = new Map<string, string>()
  return {
    async read() {
      // Stored after the clock was read and received before it: the next call looks back to the newest seen.
      since ??= clock.now()
      const found = await series.latest({ receivedSince: since, limit: mostAtOnce })
      const newest = found.reduce((most, reading) => Math.max(most, reading.receivedAt), since)
      const fresh = found.filter((reading) => given.get(keyOf(reading)) !== stampOf(reading))
      given = new Map(
        found
          .filter((reading) => reading.receivedAt >= newest)
          .map((reading) => [keyOf(reading), stampOf(reading)]),
      )
      since = newest
      return fresh
    },
  }
}

const keyOf = (reading: Reading): string =>
  `${reading.site}/${reading.device}/${reading.channel}/${reading.gtin ?? ''}`
const stampOf = (reading: Reading): string =>
  `${reading.at} ${reading.boot} ${reading.seq} ${reading.index} ${reading.value}`
