import { useState } from 'preact/hooks'
import type { Chosen } from './data/chosen.ts'
import { useBoardState } from './parts/context.ts'
import { Guard, PanelGuard } from './parts/guard.tsx'
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
      <Guard what="The head of the board">
        <TopBar state={state} />
      </Guard>
      <main>
        {state.problem !== null && (
          <p class="banner critical" role="alert">
            {state.problem} The board tries again by itself.
          </p>
        )}
        <Guard what="The key figures">
          <KeyFigures state={state} />
        </Guard>
        <div class="panels">
          <PanelGuard id="run-out">
            <RunOutPanel state={state} chosen={chosen} onChoose={choose} />
          </PanelGuard>
          <PanelGuard id="forecast-fan">
            <ForecastFanPanel state={state} chosen={chosen} onChoose={choose} />
          </PanelGuard>
          <PanelGuard id="transfers">
            <TransfersPanel state={state} />
          </PanelGuard>
          <PanelGuard id="slots">
            <SlotsPanel state={state} />
          </PanelGuard>
          <PanelGuard id="cold-rooms">
            <ColdRoomsPanel state={state} />
          </PanelGuard>
          <PanelGuard id="alarms">
            <AlarmsPanel state={state} />
          </PanelGuard>
          <PanelGuard id="device-health">
            <DeviceHealthPanel state={state} />
          </PanelGuard>
          <PanelGuard id="live-readings">
            <LiveReadingsPanel state={state} />
          </PanelGuard>
        </div>
      </main>
      <footer class="foot">
        <a href="/docs">API and its reference</a>
        <a href="/openapi.json">OpenAPI</a>
        <a href="/metrics">Metrics</a>
        <span>
          Times are the city&apos;s own. Money is in the installation&apos;s currency. Chances and
          quantiles are forecasts, not facts.
        </span>
      </footer>
    </div>
  )
}
