import { useMemo } from 'preact/hooks'
import type { BoardState } from '../data/board-store.ts'
import {
  countStates,
  listDeviceHealth,
  type DeviceHealth,
  type DeviceState,
} from '../data/device-health.ts'
import { siteName, useCityNow } from '../parts/context.ts'
import { count, duration } from '../parts/format.ts'
import { PanelFrame } from '../parts/panel.tsx'
import { SeverityMark } from '../parts/severity.tsx'

const shown = 30
const stateWords: Readonly<Record<DeviceState, string>> = {
  online: 'online',
  new: 'not heard yet',
  sleeping: 'asleep',
  battery: 'low battery',
  silent: 'silent',
  offline: 'offline',
  unregistered: 'not adopted',
}

export function DeviceHealthPanel(props: { readonly state: BoardState }) {
  const { state } = props
  const { devices, alarms } = state.collections
  const now = useCityNow(2000) ?? 0
  const health = useMemo(() => listDeviceHealth(devices, alarms, now), [devices, alarms, now])
  const trouble = health.filter((one) => one.severity !== 'good')
  return (
    <PanelFrame
      id="device-health"
      isEmpty={health.length === 0}
      note={<span class="dim">{count(health.length)} devices</span>}
    >
      <div class="states" role="list">
        {countStates(health).map((one) => (
          <div key={one.state} role="listitem" class={one.count > 0 ? one.state : 'none'}>
            <strong>{count(one.count)}</strong> {stateWords[one.state]}
          </div>
        ))}
      </div>
      {trouble.length === 0 ? (
        <p class="empty">Every device is well.</p>
      ) : (
        <ul class="rows">
          {trouble.slice(0, shown).map((one) => (
            <DeviceRow
              key={`${one.device.site}/${one.device.device}`}
              one={one}
              state={state}
              now={now}
            />
          ))}
        </ul>
      )}
      {trouble.length > shown && <p class="dim">and {trouble.length - shown} more</p>}
    </PanelFrame>
  )
}

function DeviceRow(props: {
  readonly one: DeviceHealth
  readonly state: BoardState
  readonly now: number
}) {
  const { device, severity, state } = props.one
  const seen =
    device.lastSeenAt === null
      ? 'never seen'
      : `seen ${duration(props.now - Date.parse(device.lastSeenAt))} ago`
  return (
    <li data-device={`${device.site}/${device.device}`}>
      <span class="name">
        {device.device} <small>{siteName(props.state, device.site)}</small>
      </span>
      <span class="dim">
        {device.batteryPct !== null && `${Math.round(device.batteryPct)} % · `}
        {seen}
      </span>
      <SeverityMark severity={severity} words={stateWords[state]} />
    </li>
  )
}
