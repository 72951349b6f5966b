import {
  batteryPercent,
  coldLimits,
  runOutChance,
  slotMinutes,
  type Severity,
  type Threshold,
} from './limits.ts'

/** Who a panel is for; the folder of a Grafana board. */
export type Audience = 'planner' | 'store' | 'operator'

export type PanelId =
  | 'run-out'
  | 'forecast-fan'
  | 'transfers'
  | 'slots'
  | 'cold-rooms'
  | 'device-health'
  | 'live-readings'
  | 'alarms'

export interface Panel {
  readonly id: PanelId
  readonly title: string
  /** What a person wants to know when looking at it; Grafana shows it as the description. */
  readonly question: string
  /** Unit of its main number, as a Grafana unit id. */
  readonly unit: string
  readonly threshold: Threshold | null
  readonly audience: Audience
  /** Names in dashboards/grafana/queries.ts, in the order of its targets. */
  readonly queries: readonly string[]
  /** What is said in place of nothing. */
  readonly empty: string
}

const panels: readonly Panel[] = [
  {
    id: 'run-out',
    title: 'What runs out next',
    question:
      'Which shelves will be empty within 12 hours, and when? The chance is that of the forecast total exceeding what is on hand.',
    unit: 'percentunit',
    threshold: runOutChance,
    audience: 'planner',
    queries: ['run-out'],
    empty: 'Every shelf holds enough for its next 12 hours.',
  },
  {
    id: 'forecast-fan',
    title: 'Forecast against what came',
    question:
      'How much will this product sell in each of the next 12 hours, and how good was the forecast made 12 hours ago?',
    unit: 'short',
    threshold: null,
    audience: 'planner',
    queries: ['forecast-quantiles', 'sold-hourly'],
    empty: 'No forecast of this product yet.',
  },
  {
    id: 'transfers',
    title: 'Transfers and their reasons',
    question: 'What should move where, what does it save, and why this way and not another?',
    unit: 'short',
    threshold: null,
    audience: 'planner',
    queries: ['transfers'],
    empty: 'Nothing to move: no transfer saves more than it costs.',
  },
  {
    id: 'slots',
    title: 'Slots and the minutes left',
    question:
      'How many staff-minutes can still be booked in each coming slot, after the share kept for people who walk in?',
    unit: 'm',
    threshold: slotMinutes,
    audience: 'store',
    queries: ['slots'],
    empty: 'No slots are open: the planner has not published capacity yet.',
  },
  {
    id: 'cold-rooms',
    title: 'Cold rooms',
    question: 'Is every cold room below its limit, and which way is it going?',
    unit: 'celsius',
    threshold: coldLimits[0] ?? null,
    audience: 'store',
    queries: ['cold-rooms'],
    empty: 'No cold-room probe has reported yet.',
  },
  {
    id: 'device-health',
    title: 'Device health',
    question: 'Which devices are offline, silent, low on battery, or not adopted yet?',
    unit: 'percent',
    threshold: batteryPercent,
    audience: 'operator',
    queries: ['device-health'],
    empty: 'No device has connected yet.',
  },
  {
    id: 'live-readings',
    title: 'Live readings',
    question: 'What are devices saying right now, and has my own reading arrived?',
    unit: 'short',
    threshold: null,
    audience: 'operator',
    queries: ['readings-rate'],
    empty: 'Waiting for the first reading.',
  },
  {
    id: 'alarms',
    title: 'Open alarms',
    question: 'What should a person look at now?',
    unit: 'short',
    threshold: null,
    audience: 'store',
    queries: ['alarms'],
    empty: 'No open alarms.',
  },
]

/** In the order they are shown. */
export const catalogue = panels

export function panelOf(id: PanelId): Panel {
  const panel = panels.find((one) => one.id === id)
  if (panel === undefined) throw new Error(`no panel ${id}`)
  return panel
}

/** The one set of colours for states, so that red means the same on every board. */
export const severityColours: Readonly<Record<Severity, string>> = {
  good: 'green',
  warning: 'orange',
  critical: 'red',
}
