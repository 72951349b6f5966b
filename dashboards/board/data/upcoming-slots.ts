import type { SlotView } from './wire.ts'

export interface SlotRow {
  readonly site: string
  readonly slots: readonly SlotView[]
}

/** The next slots of each store that are not over, in time. */
export function upcomingSlots(
  slots: ReadonlyMap<string, SlotView>,
  now: number,
  limit: number,
): readonly SlotRow[] {
  const bySite = new Map<string, SlotView[]>()
  for (const slot of slots.values()) {
    if (Date.parse(slot.end) <= now) continue
    const row = bySite.get(slot.site) ?? []
    row.push(slot)
    bySite.set(slot.site, row)
  }
  return [...bySite]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([site, row]) => ({
      site,
      slots: row.sort((a, b) => Date.parse(a.start) - Date.parse(b.start)).slice(0, limit),
    }))
}
