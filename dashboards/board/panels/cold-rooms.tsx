import { useMemo } from 'preact/hooks'
import { coldLimits } from '../../limits.ts'
import type { BoardState } from '../data/board-store.ts'
import { listColdRooms, type ColdRoom } from '../data/probes.ts'
import { siteName, zoneOf } from '../parts/context.ts'
import { celsius, clockTime } from '../parts/format.ts'
import { PanelFrame } from '../parts/panel.tsx'
import { SeverityMark } from '../parts/severity.tsx'
import { Sparkline } from '../parts/sparkline.tsx'

const words = { good: 'below its limit', warning: 'warm', critical: 'over its limit' } as const

export function ColdRoomsPanel(props: { readonly state: BoardState }) {
  const { state } = props
  const rooms = useMemo(
    () => listColdRooms(state.probes, state.collections.devices),
    [state.probes, state.collections.devices],
  )
  const limits = coldLimits.map((limit) => `${limit.zone} ${celsius(limit.critical)}`).join(', ')
  return (
    <PanelFrame
      id="cold-rooms"
      isEmpty={rooms.length === 0}
      note={<span class="dim">limits: {limits}</span>}
    >
      <ul class="rooms">
        {rooms.map((room) => (
          <Room key={`${room.site}/${room.device}`} state={state} room={room} />
        ))}
      </ul>
    </PanelFrame>
  )
}

function Room(props: { readonly state: BoardState; readonly room: ColdRoom }) {
  const { room, state } = props
  const { latest, severity } = room
  const time = clockTime(latest.at, zoneOf(state))
  return (
    <li class={`room ${severity}`} data-probe={`${room.site}/${room.device}`}>
      <div class="room-head">
        <h3>{siteName(state, room.site)}</h3>
        <small>{room.device}</small>
      </div>
      <div class="room-value">
        <strong>{celsius(latest.value)}</strong>
        <SeverityMark
          severity={severity}
          words={room.limit === null ? room.zone : words[severity]}
        />
      </div>
      <Sparkline
        points={room.points}
        limit={room.limit}
        label={`${room.device} at ${siteName(state, room.site)}: ${celsius(latest.value)} at ${time}`}
      />
    </li>
  )
}
