import { useEffect, useMemo, useState } from 'preact/hooks'
import type { Chosen } from '../data/chosen.ts'
import type { BoardState } from '../data/board-store.ts'
import { cityNow } from '../data/city-time.ts'
import { forecastPairs, listRunOuts, quantileAt } from '../data/run-out.ts'
import { loadSalesHistory, type SalesHistory } from '../data/sales-history.ts'
import type { ForecastView } from '../data/wire.ts'
import { productName, siteName, useStore, zoneOf } from '../parts/context.ts'
import { forecasterName } from '../parts/forecaster-name.ts'
import { clockTime, units } from '../parts/format.ts'
import { PanelFrame } from '../parts/panel.tsx'
import { FanChart } from './fan-chart.tsx'
import { FanPicker } from './fan-picker.tsx'
import { Forecasters } from './forecasters.tsx'
import { ForecastWhy } from './forecast-why.tsx'
import { progressWords } from './training-bar.tsx'

/** What came is asked for again so often, in wall time. */
const refreshEveryMs = 5_000

function useHistory(state: BoardState, forecast: ForecastView | null): SalesHistory | null {
  const store = useStore()
  const [history, setHistory] = useState<SalesHistory | null>(null)
  const product = forecast?.product ?? ''
  useEffect(() => {
    if (forecast === null) return undefined
    let isCurrent = true
    const refresh = async () => {
      const { clock, collections } = store.state()
      const now = cityNow(clock, performance.now())
      const gtin = collections.products.get(product)?.gtin ?? null
      if (now === null) return
      const loaded = await loadSalesHistory(store.api, forecast, gtin, now).catch(() => null)
      if (isCurrent && loaded !== null) setHistory(loaded)
    }
    void refresh()
    const timer = setInterval(() => void refresh(), refreshEveryMs)
    return () => {
      isCurrent = false
      clearInterval(timer)
    }
  }, [store, forecast?.id, forecast?.issuedAt, state.connection])
  return history?.site === forecast?.site && history?.product === product ? history : null
}

export function ForecastFanPanel(props: {
  readonly state: BoardState
  readonly chosen: Chosen | null
  readonly onChoose: (chosen: Chosen) => void
}) {
  const { state } = props
  const pairs = useMemo(() => forecastPairs(state.collections), [state.collections.forecasts])
  const [first, setFirst] = useState<Chosen | null>(null)
  useEffect(() => {
    if (first !== null || pairs.size === 0) return
    const rows = listRunOuts(state.collections).filter((row) => row.forecast !== null)
    const busiest = rows.sort((a, b) => (b.median ?? 0) - (a.median ?? 0))[0]
    if (busiest !== undefined) {
      setFirst({ site: busiest.stock.site, product: busiest.stock.product })
    }
  }, [pairs, first])
  const anyPair = [...pairs].flatMap(([site, [product]]) =>
    product === undefined ? [] : [{ site, product }],
  )[0]
  // What runs out is not known before the stock is: until then nothing is chosen, and that is no lack of forecasts.
  const chosen = props.chosen ?? first ?? (state.loaded ? (anyPair ?? null) : null)
  const forecast =
    chosen === null
      ? null
      : (state.collections.forecasts.get(`demand.${chosen.site}.${chosen.product}`) ?? null)
  const history = useHistory(state, forecast)
  const training = progressWords(state.status?.progress ?? null)
  const zone = zoneOf(state)
  return (
    <PanelFrame
      id="forecast-fan"
      isEmpty={forecast === null && pairs.size === 0}
      emptyWords={training === null ? undefined : `No forecast yet; ${training}.`}
      note={<ServedBy forecast={forecast} />}
    >
      <FanPicker state={state} pairs={pairs} chosen={chosen} onChoose={props.onChoose} />
      {forecast === null ? (
        <p class="empty">
          {state.loaded ? 'No forecast of this product in this store yet.' : 'Loading…'}
        </p>
      ) : (
        <>
          <FanChart
            forecast={forecast}
            history={history}
            timeZone={zone}
            label={`Units sold an hour of ${productName(state, forecast.product ?? '')} at ${siteName(state, forecast.site)}: forecast quantiles and what came`}
          />
          <ForecastWhy forecast={forecast} />
          <FanSummary forecast={forecast} history={history} timeZone={zone} />
          <Forecasters />
        </>
      )}
    </PanelFrame>
  )
}

function ServedBy(props: { readonly forecast: ForecastView | null }) {
  if (props.forecast === null) return null
  const { servedBy, label, reason } = props.forecast
  return (
    <span class={`tag ${label}`} title={`${servedBy}. ${reason}`}>
      {forecasterName(servedBy)} · {label}
    </span>
  )
}

function FanSummary(props: {
  readonly forecast: ForecastView
  readonly history: SalesHistory | null
  readonly timeZone: string
}) {
  const { forecast, history } = props
  const origin = Date.parse(forecast.origin)
  const total = forecast.total.quantiles
  const earlier = history?.earlier ?? null
  const earlierOrigin = earlier === null ? origin : Date.parse(earlier.origin)
  const came = [...(history?.sold ?? [])]
    .filter(([start]) => start >= earlierOrigin && start < origin)
    .reduce((sum, [, sold]) => sum + sold, 0)
  const hours = Math.round((origin - earlierOrigin) / 3_600_000)
  return (
    <dl class="facts">
      <div>
        <dt>Next 12 h from {clockTime(forecast.origin, props.timeZone)}</dt>
        <dd>
          median <b>{units(quantileAt(total, 0.5))}</b>, P90 <b>{units(quantileAt(total, 0.9))}</b>{' '}
          units
        </dd>
      </div>
      {earlier !== null && hours === 12 && (
        <div>
          <dt>Last 12 h</dt>
          <dd>
            came <b>{units(came)}</b>; forecast {units(quantileAt(earlier.total.quantiles, 0.5))} (
            {units(quantileAt(earlier.total.quantiles, 0.1))}–
            {units(quantileAt(earlier.total.quantiles, 0.9))})
          </dd>
        </div>
      )}
      <div>
        <dt>Simpler forecasts of the same 12 h, units</dt>
        <dd>
          {forecast.baselines
            .map((one) => `${forecasterName(one.name)} ${units(one.mean)}`)
            .join(', ') || 'none'}
        </dd>
      </div>
      {forecast.label === 'baseline' && (
        <div>
          <dt>Why {forecasterName(forecast.servedBy)}</dt>
          <dd>{forecast.reason}</dd>
        </div>
      )}
      {forecast.graced && (
        <div>
          <dt>Data</dt>
          <dd>made before all of the last hour had arrived</dd>
        </div>
      )}
    </dl>
  )
}
