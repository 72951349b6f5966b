import type { History } from '../forecaster.ts'

const poolNames = [
  'site',
  'product',
  'productInRegion',
  'categoryInSite',
  'categoryInRegion',
  'kindInRegion',
] as const

export type Pool = (typeof poolNames)[number]

/** Those with two members at least: what all series share tells which hour it was, and is learnt by heart. */
export function usefulPools(history: Pick<History, 'series'>): readonly string[] {
  return poolNames.filter((name) => placeIn(history, name).size > 1)
}

/** The pool of each series, as numbers from 0. */
export function placeIn(
  history: Pick<History, 'series'>,
  group: Pool,
): { readonly place: Int32Array; size: number } {
  const numbers = new Map<string, number>()
  const place = Int32Array.from(history.series, ({ site, product, statics }) => {
    const region = statics.region ?? ''
    const keys: Readonly<Record<Pool, string>> = {
      site,
      product: product ?? '',
      productInRegion: `${product ?? ''}|${region}`,
      categoryInSite: `${site}|${statics.category1 ?? ''}`,
      categoryInRegion: `${region}|${statics.category1 ?? ''}`,
      kindInRegion: `${region}|${statics.category3 ?? ''}`,
    }
    const number = numbers.get(keys[group]) ?? numbers.size
    numbers.set(keys[group], number)
    return number
  })
  return { place, size: numbers.size }
}
