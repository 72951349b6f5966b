import { useState } from 'preact/hooks'
import type { Chosen } from './data/chosen.ts'
import { useBoardState } from './parts/context.ts'
import { AlarmsPanel } from './panels/alarms.tsx'
import { ColdRoomsPanel } from './panels/cold-rooms.tsx'
import { DeviceHealthPanel } from './panels/device-health.tsx'
import { ForecastFanPanel } from './panels/forecast-fan.tsx'
import { KeyFigures } from './panels/key-figures.tsx'
import { LiveReadingsPanel } from './panels/live-readings.tsx'
import { RunOutPanel } from './panels/run-out.tsx'
import { SlotsPanel } from './panels/slots.tsx'
import { TopBar } from './panels/top-bar.tsx'
import { TransfersPanel } from './panels/transfers.tsx'

export function Board() {
  const state = useBoardState()
  const [chosen, choose] = useState<Chosen | null>(null)
  return (
    <div class={`board ${state.connection === 'lost' ? 'is-stale' : ''}`}>
      <TopBar state={state} />
      <main>
        {state.problem !== null && (
          <p class="banner critical" role="alert">
            {state.problem} The board tries again by itself.
          </p>
        )}
        <KeyFigures state={state} />
        <div class="panels">
          <RunOutPanel state={state} chosen={chosen} onChoose={choose} />
          <ForecastFanPanel state={state} chosen={chosen} onChoose={choose} />
          <TransfersPanel state={state} />
          <SlotsPanel state={state} />
          <ColdRoomsPanel state={state} />
          <AlarmsPanel state={state} />
          <DeviceHealthPanel state={state} />
          <LiveReadingsPanel state={state} />
        </div>
      </main>
      <footer class="foot">
        <a href="/docs">API and its reference</a>
        <a href="/openapi.json">OpenAPI</a>
        <a href="/metrics">Metrics</a>
        <span>Times are the city&apos;s own. Chances and quantiles are forecasts, not facts.</span>
      </footer>
    </div>
  )
}
