import type { Mover } from './drift-alarms.ts'
import type { SeriesResult } from './pending-windows.ts'

/** What an hour ago weighs against now: after two days a third is left. */
const fade = 0.977

/** Which series moved most away from what was forecast of them, lately. */
export function createMovers(): {
  add(results: readonly SeriesResult[]): void
  most(site: string | null): Mover | null
} {
  const sums = new Map<string, { amount: number; mean: number }>()
  return {
    add(results) {
      for (const one of sums.values()) {
        one.amount *= fade
        one.mean *= fade
      }
      for (const { key, amount, mean } of results) {
        const one = sums.get(key) ?? { amount: 0, mean: 0 }
        one.amount += amount
        one.mean += mean
        sums.set(key, one)
      }
    },
    most(site) {
      let most: { key: string; amount: number; mean: number } | null = null
      for (const [key, { amount, mean }] of sums) {
        if (site !== null && !key.startsWith(`${site}/`)) continue
        if (!most || Math.abs(amount - mean) > Math.abs(most.amount - most.mean))
          most = { key, amount, mean }
      }
      if (!most) return null
      const at = most.key.indexOf('/')
      const [store, product] = [most.key.slice(0, at), most.key.slice(at + 1)]
      const times = most.mean > 0 ? `${(most.amount / most.mean).toFixed(1)} times` : 'more than'
      return {
        site: store,
        product: product === '' ? null : product,
        words: `${store}${product === '' ? '' : `, ${product}`}: ${times} what was forecast came`,
      }
    },
  }
}
