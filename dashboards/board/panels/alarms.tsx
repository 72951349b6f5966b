import { useMemo } from 'preact/hooks'
import type { Severity } from '../../limits.ts'
import type { BoardState } from '../data/board-store.ts'
import type { AlarmView } from '../data/wire.ts'
import { siteName, zoneOf } from '../parts/context.ts'
import { clockTime, count } from '../parts/format.ts'
import { PanelFrame } from '../parts/panel.tsx'
import { SeverityMark } from '../parts/severity.tsx'

const shown = 40
const order: readonly AlarmView['severity'][] = ['critical', 'warning', 'info']
const severities: Readonly<Record<AlarmView['severity'], Severity>> = {
  critical: 'critical',
  warning: 'warning',
  info: 'good',
}

export function AlarmsPanel(props: { readonly state: BoardState }) {
  const { state } = props
  const { alarms } = state.collections
  const open = useMemo(
    () =>
      [...alarms.values()]
        .filter((alarm) => alarm.clearedAt === null)
        .sort(
          (a, b) =>
            order.indexOf(a.severity) - order.indexOf(b.severity) ||
            Date.parse(b.raisedAt) - Date.parse(a.raisedAt),
        ),
    [alarms],
  )
  const problems = (state.status?.stages ?? []).flatMap(({ name, problems: words = [] }) =>
    words.map((sentence) => ({ name, sentence })),
  )
  return (
    <PanelFrame
      id="alarms"
      isEmpty={open.length + problems.length === 0}
      note={<span class="dim">{count(open.length + problems.length)} open</span>}
    >
      <ul class="rows alarms">
        {problems.map(({ name, sentence }) => (
          <li key={sentence} data-problem={name}>
            <SeverityMark severity="warning" words={name} />
            <span class="name">{sentence}</span>
          </li>
        ))}
        {open.slice(0, shown).map((alarm) => (
          <li key={alarm.id} data-alarm={alarm.id}>
            <SeverityMark
              severity={severities[alarm.severity]}
              words={alarm.kind.replaceAll('-', ' ')}
            />
            <span class="name">
              {alarm.words} <small>{siteName(state, alarm.site)}</small>
            </span>
            <time class="dim" dateTime={alarm.raisedAt}>
              {clockTime(alarm.raisedAt, zoneOf(state))}
            </time>
          </li>
        ))}
      </ul>
      {open.length > shown && <p class="dim">and {open.length - shown} more</p>}
    </PanelFrame>
  )
}
