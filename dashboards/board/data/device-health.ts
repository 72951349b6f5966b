import { batteryPercent, severityOf, silentMinutes, type Severity } from '../../limits.ts'
import type { AlarmView, DeviceView } from './wire.ts'

export type DeviceState =
  'new' | 'unregistered' | 'offline' | 'silent' | 'battery' | 'online' | 'sleeping'

export interface DeviceHealth {
  readonly device: DeviceView
  readonly state: DeviceState
  readonly severity: Severity
}

function judge(
  device: DeviceView,
  now: number,
  hasSilentAlarm: boolean,
): Omit<DeviceHealth, 'device'> {
  if (device.status === 'unregistered') return { state: 'unregistered', severity: 'warning' }
  if (device.connection === 'offline') return { state: 'offline', severity: 'critical' }
  const quietMinutes =
    device.lastSeenAt === null ? null : (now - Date.parse(device.lastSeenAt)) / 60_000
  const silence =
    quietMinutes === null || device.connection === 'sleeping'
      ? 'good'
      : severityOf(quietMinutes, silentMinutes)
  if (hasSilentAlarm || silence !== 'good') {
    return { state: 'silent', severity: silence === 'critical' ? 'critical' : 'warning' }
  }
  const battery =
    device.batteryPct === null ? 'good' : severityOf(device.batteryPct, batteryPercent)
  if (battery !== 'good') return { state: 'battery', severity: battery }
  if (device.connection === 'sleeping') return { state: 'sleeping', severity: 'good' }
  if (device.lastSeenAt !== null) return { state: 'online', severity: 'good' }
  const waitedMinutes = (now - Date.parse(device.registeredAt)) / 60_000
  return waitedMinutes <= silentMinutes.warning
    ? { state: 'new', severity: 'good' }
    : { state: 'silent', severity: 'warning' }
}

const order: Readonly<Record<Severity, number>> = { critical: 0, warning: 1, good: 2 }

/** Worst first; revoked devices are left out. */
export function listDeviceHealth(
  devices: ReadonlyMap<string, DeviceView>,
  alarms: ReadonlyMap<string, AlarmView>,
  now: number,
): readonly DeviceHealth[] {
  const silent = new Set<string>()
  for (const alarm of alarms.values()) {
    if (alarm.kind === 'device-silent' && alarm.clearedAt === null && alarm.device !== null) {
      silent.add(`${alarm.site}.${alarm.device}`)
    }
  }
  return [...devices]
    .filter(([, device]) => device.status !== 'revoked')
    .map(([key, device]) => ({ device, ...judge(device, now, silent.has(key)) }))
    .sort(
      (a, b) =>
        order[a.severity] - order[b.severity] ||
        a.state.localeCompare(b.state) ||
        a.device.site.localeCompare(b.device.site) ||
        a.device.device.localeCompare(b.device.device),
    )
}

export function countStates(
  health: readonly DeviceHealth[],
): readonly { readonly state: DeviceState; readonly count: number }[] {
  const states: readonly DeviceState[] = [
    'online',
    'new',
    'sleeping',
    'battery',
    'silent',
    'offline',
    'unregistered',
  ]
  return states.map((state) => ({
    state,
    count: health.filter((one) => one.state === state).length,
  }))
}
