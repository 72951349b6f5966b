import { ingestLagMinutes, severityOf } from '../../limits.ts'
import type { BoardState } from '../data/board-store.ts'
import { useCityNow, zoneOf } from '../parts/context.ts'
import { clockSeconds, dayAndTime, duration } from '../parts/format.ts'
import { SeverityMark } from '../parts/severity.tsx'
import { TrainingBar } from './training-bar.tsx'

export function TopBar(props: { readonly state: BoardState }) {
  const { state } = props
  return (
    <header class="top">
      <div class="brand">
        <img src="icon.svg" width="28" height="28" alt="" />
        <div>
          <h1>Larder</h1>
          <p>Operations board</p>
        </div>
      </div>
      <CityClock state={state} />
      <Health state={state} />
      <TrainingBar progress={state.status?.progress ?? null} />
      <nav aria-label="Elsewhere">
        <a class="button" href="/docs">
          API docs
        </a>
      </nav>
    </header>
  )
}

function CityClock(props: { readonly state: BoardState }) {
  const now = useCityNow(250)
  const zone = zoneOf(props.state)
  const clock = props.state.clock
  if (now === null || clock === null) return <div class="city-clock">–</div>
  const isSetUp = props.state.status?.progress === null
  const pace = clock.waiting
    ? `paused ${isSetUp ? 'until ingest has caught up' : 'while it is set up'}`
    : `${clock.speed}× city time`
  return (
    <div class="city-clock" title={`City time, ${zone}`}>
      <time dateTime={new Date(now).toISOString()}>
        <span class="day">{dayAndTime(now, zone).replace(/,? \d\d:\d\d$/, '')}</span>
        <strong>{clockSeconds(now, zone)}</strong>
      </time>
      <span class={clock.waiting ? 'pace warning' : 'pace'}>{pace}</span>
    </div>
  )
}

function Health(props: { readonly state: BoardState }) {
  const { connection, heardAt, status } = props.state
  useCityNow(1000)
  if (connection !== 'live') {
    const age = heardAt === null ? '' : `, last data ${duration(Date.now() - heardAt)} ago`
    return (
      <p class="health" role="status">
        <SeverityMark
          severity="warning"
          words={connection === 'lost' ? `Connection lost${age}. Trying again.` : 'Connecting'}
        />
      </p>
    )
  }
  const lagMinutes = (status?.ingestLagMs ?? 0) / 60_000
  const notReady = status?.stages.filter((stage) => !stage.ready) ?? []
  return (
    <ul class="health" aria-label="Health of the system">
      <li>
        <SeverityMark
          severity={severityOf(lagMinutes, ingestLagMinutes)}
          words={`data ${duration(status?.ingestLagMs ?? 0)} old`}
        />
      </li>
      {status?.stages
        .filter((stage) => stage.ready)
        .map((stage) => (
          <li key={stage.name} title={[stage.words, ...(stage.problems ?? [])].join('\n')}>
            <SeverityMark
              severity={stage.problems?.length ? 'warning' : 'good'}
              words={stage.name}
            />
          </li>
        ))}
      {notReady.map((stage) => (
        <li key={stage.name} title={stage.words}>
          <SeverityMark severity="warning" words={`${stage.name}: ${stage.words}`} />
        </li>
      ))}
    </ul>
  )
}
