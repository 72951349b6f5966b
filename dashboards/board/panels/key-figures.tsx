import { useMemo } from 'preact/hooks'
import type { Severity } from '../../limits.ts'
import type { BoardState } from '../data/board-store.ts'
import { listColdRooms } from '../data/probes.ts'
import { listRunOuts } from '../data/run-out.ts'
import { count } from '../parts/format.ts'

/** The six numbers that a wall screen is read for from across the room. */
export function KeyFigures(props: { readonly state: BoardState }) {
  const { collections, probes, status } = props.state
  const rows = useMemo(() => listRunOuts(collections), [collections])
  const rooms = useMemo(() => listColdRooms(probes, collections.devices), [probes, collections])
  const empty = rows.filter((row) => row.stock.onHand <= 0).length
  const likely = rows.filter((row) => row.stock.onHand > 0 && row.severity === 'critical').length
  const proposed = [...collections.transfers.values()].filter((one) => one.status === 'proposed')
  const warm = rooms.filter((room) => room.severity === 'critical').length
  const alarms = [...collections.alarms.values()].filter((alarm) => alarm.clearedAt === null).length
  const known = (n: number, when: boolean) => (when ? count(n) : '–')
  return (
    <dl class="figures" aria-label="Key figures">
      <Figure
        name="Empty shelves"
        value={known(empty, rows.length > 0)}
        note={rows.length > 0 ? `of ${count(rows.length)}` : ''}
        severity={empty > 0 ? 'critical' : 'good'}
      />
      <Figure
        name="Likely empty in 12 h"
        value={known(
          likely,
          rows.some((row) => row.forecast !== null),
        )}
        note="chance above 50 %"
        severity={likely > 0 ? 'warning' : 'good'}
      />
      <Figure
        name="Transfers to decide"
        value={known(proposed.length, props.state.loaded)}
        note="proposed, still open"
        severity="good"
      />
      <Figure
        name="Cold rooms over limit"
        value={known(warm, rooms.length > 0)}
        note={rooms.length > 0 ? `of ${count(rooms.length)}` : ''}
        severity={warm > 0 ? 'critical' : 'good'}
      />
      <Figure
        name="Open alarms"
        value={known(alarms, props.state.loaded)}
        note="not cleared"
        severity={alarms > 0 ? 'warning' : 'good'}
      />
      <Figure
        name="Readings stored"
        value={status === null ? '–' : count(status.readingsStored)}
        note={status === null ? '' : `${count(status.messagesKept)} messages`}
        severity="good"
      />
    </dl>
  )
}

function Figure(props: {
  readonly name: string
  readonly value: string
  readonly note: string
  readonly severity: Severity
}) {
  return (
    <div class={`figure ${props.severity}`}>
      <dt>{props.name}</dt>
      <dd>
        <strong>{props.value}</strong> <small>{props.note}</small>
      </dd>
    </div>
  )
}
