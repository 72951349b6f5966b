import { useMemo } from 'preact/hooks'
import { severityOf, slotMinutes } from '../../limits.ts'
import type { BoardState } from '../data/board-store.ts'
import { upcomingSlots } from '../data/upcoming-slots.ts'
import type { SlotView } from '../data/wire.ts'
import { siteName, useCityNow, zoneOf } from '../parts/context.ts'
import { clockTime, units } from '../parts/format.ts'
import { PanelFrame } from '../parts/panel.tsx'

const columns = 8

export function SlotsPanel(props: { readonly state: BoardState }) {
  const { state } = props
  const now = useCityNow(1000) ?? 0
  const minute = Math.floor(now / 60_000) * 60_000
  const rows = useMemo(
    () => upcomingSlots(state.collections.slots, minute, columns),
    [state.collections.slots, minute],
  )
  return (
    <PanelFrame id="slots" isEmpty={rows.length === 0} note={<Legend />}>
      <ul class="slot-rows">
        {rows.map((row) => (
          <li key={row.site}>
            <h3>
              {siteName(state, row.site)}
              {row.slots.some((slot) => slot.mode === 'emergency') && (
                <span class="tag critical">storm mode</span>
              )}
            </h3>
            <ol>
              {row.slots.map((slot) => (
                <SlotCell key={slot.id} slot={slot} zone={zoneOf(state)} />
              ))}
            </ol>
          </li>
        ))}
      </ul>
    </PanelFrame>
  )
}

function Legend() {
  return (
    <ul class="legend" aria-label="Parts of a slot">
      <li>
        <i class="part used" /> booked
      </li>
      <li>
        <i class="part held" /> held
      </li>
      <li>
        <i class="part reserve" /> walk-in share
      </li>
      <li>
        <i class="part left" /> left
      </li>
    </ul>
  )
}

function SlotCell(props: { readonly slot: SlotView; readonly zone: string }) {
  const { slot } = props
  const whole = Math.max(slot.capacityMinutes, 1)
  const share = (minutes: number) => ({ height: `${Math.min(100, (minutes / whole) * 100)}%` })
  const left = units(Math.round(slot.remainingBookable))
  const words = `${clockTime(slot.start, props.zone)} to ${clockTime(slot.end, props.zone)}: ${left} of ${units(Math.round(slot.capacityMinutes))} staff-minutes left; ${units(Math.round(slot.usedMinutes))} booked, ${units(Math.round(slot.heldMinutes))} held, ${units(Math.round(slot.walkInReserveMinutes))} for walk-in${slot.carriedOverMinutes > 0 ? `, ${units(Math.round(slot.carriedOverMinutes))} carried over` : ''}. ${slot.reasons.join(' ')}`
  return (
    <li
      class={`slot ${severityOf(slot.remainingBookable, slotMinutes)}`}
      title={words}
      data-slot={slot.id}
    >
      <span class="visually-hidden">{words}</span>
      <span class="bar" aria-hidden="true">
        <i class="part left" style={share(slot.remainingBookable)} />
        <i class="part reserve" style={share(slot.walkInReserveMinutes)} />
        <i class="part held" style={share(slot.heldMinutes)} />
        <i class="part used" style={share(slot.usedMinutes + slot.carriedOverMinutes)} />
      </span>
      <strong aria-hidden="true">{left}</strong>
      <small aria-hidden="true">{clockTime(slot.start, props.zone)}</small>
    </li>
  )
}
