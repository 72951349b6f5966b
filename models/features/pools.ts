import type { History, SeriesHistory } from '../forecaster.ts'

/** What series are pooled by: those with the same key are one pool. */
const keyOf = {
  site: ({ site }: SeriesHistory) => site,
  product: ({ product }: SeriesHistory) => product ?? '',
  productInRegion: ({ product, statics }: SeriesHistory) =>
    `${product ?? ''}|${statics.region ?? ''}`,
  categoryInSite: ({ site, statics }: SeriesHistory) => `${site}|${statics.category1 ?? ''}`,
  categoryInRegion: ({ statics }: SeriesHistory) =>
    `${statics.region ?? ''}|${statics.category1 ?? ''}`,
  kindInRegion: ({ statics }: SeriesHistory) =>
    `${statics.region ?? ''}|${statics.category3 ?? ''}`,
} as const

export type Pool = keyof typeof keyOf

const poolNames = Object.keys(keyOf) as Pool[]

/** Those with two members at least: what all series share tells which hour it was, and is learnt by heart. */
export function usefulPools(history: Pick<History, 'series'>): readonly string[] {
  return poolNames.filter((name) => placeIn(history, name).size > 1)
}

/** The pool of each series, as numbers from 0. */
export interface Places {
  readonly place: Int32Array
  readonly size: number
}

export function placeIn(history: Pick<History, 'series'>, group: Pool): Places {
  const numbers = new Map<string, number>()
  const place = new Int32Array(history.series.length)
  for (let s = 0; s < place.length; s++) {
    const key = keyOf[group](history.series[s]!)
    let number = numbers.get(key)
    if (number === undefined) {
      number = numbers.size
      numbers.set(key, number)
    }
    place[s] = number
  }
  return { place, size: numbers.size }
}
