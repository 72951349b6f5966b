import { createContext } from 'preact'
import { useContext, useEffect, useState } from 'preact/hooks'
import { cityNow } from '../data/city-time.ts'
import type { BoardState, BoardStore } from '../data/board-store.ts'

export const StoreContext = createContext<BoardStore | null>(null)

export function useStore(): BoardStore {
  const store = useContext(StoreContext)
  if (store === null) throw new Error('a panel was drawn outside the board')
  return store
}

export function useBoardState(): BoardState {
  const store = useStore()
  const [state, setState] = useState(store.state())
  useEffect(() => store.subscribe(() => setState(store.state())), [store])
  return state
}

/** City time, again every `everyMs` of the wall. */
export function useCityNow(everyMs: number): number | null {
  const store = useStore()
  const [, tick] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => {
      tick((n) => n + 1)
    }, everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return cityNow(store.state().clock, performance.now())
}

/** The zone of the stores; the browser's own until they are known. */
export function zoneOf(state: BoardState): string {
  const sites = [...state.collections.sites.values()]
  const site = sites.find((one) => one.kind === 'store') ?? sites[0]
  return site?.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone
}

export function siteName(state: BoardState, site: string): string {
  return state.collections.sites.get(site)?.name ?? site
}

export function productName(state: BoardState, product: string): string {
  return state.collections.products.get(product)?.name ?? product
}
