interface Timed {
  readonly at: number
  readonly order: number
}

/** A binary heap by (at, order of insertion): the earliest first, and the same order on every run. */
export interface EventQueue<T extends object> {
  /** Takes the item over and marks it with its time. */
  push(at: number, item: T): void
  /** The earliest at or before `until`, or null. */
  pop(until: number): (T & Timed) | null
  save(): { readonly order: number; readonly items: readonly (T & Timed)[] }
}

export function createEventQueue<T extends object>(from?: {
  readonly order: number
  readonly items: readonly (T & Timed)[]
}): EventQueue<T> {
  let order = from?.order ?? 0
  const heap: (T & Timed)[] = []
  for (const item of from?.items ?? []) insert(item)

  function isBefore(a: Timed, b: Timed): boolean {
    return a.at < b.at || (a.at === b.at && a.order < b.order)
  }

  function insert(item: T & Timed): void {
    let place = heap.push(item) - 1
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (!isBefore(item, heap[parent]!)) break
      heap[place] = heap[parent]!
      place = parent
    }
    heap[place] = item
  }

  function sink(item: T & Timed): void {
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, item)) break
      heap[place] = heap[child]!
      place = child
    }
    heap[place] = item
  }

  return {
    push(at, item) {
      insert(Object.assign(item, { at, order: order++ }))
    },
    pop(until) {
      const first = heap[0]
      if (!first || first.at > until) return null
      const last = heap.pop()!
      if (heap.length > 0) sink(last)
      return first
    },
    save: () => ({ order, items: [...heap] }),
  }
}
