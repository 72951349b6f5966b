import { useEffect, useState } from 'preact/hooks'
import type { LiveScoreView, ModelView } from '../data/wire.ts'
import { useStore } from '../parts/context.ts'
import { forecasterName } from '../parts/forecaster-name.ts'
import { count } from '../parts/format.ts'

/** Asked for again so often, in wall time: they change once an hour of the city. */
const refreshEveryMs = 20_000

interface Known {
  readonly models: readonly ModelView[]
  readonly scores: readonly LiveScoreView[]
}

/** Who forecasts since when and why, and how each forecaster does as hours complete. */
export function Forecasters() {
  const store = useStore()
  const [known, setKnown] = useState<Known | null>(null)
  useEffect(() => {
    let isCurrent = true
    const refresh = async () => {
      const [models, scores] = await Promise.all([
        store.api.list<ModelView>('/v1/models', { type: 'demand', limit: 20 }, 1),
        store.api.list<LiveScoreView>('/v1/models/scores', { target: 'demand' }, 1),
      ])
      if (isCurrent) setKnown({ models, scores })
    }
    const ask = () => void refresh().catch(() => undefined)
    ask()
    const timer = setInterval(ask, refreshEveryMs)
    return () => {
      isCurrent = false
      clearInterval(timer)
    }
  }, [store])
  if (known === null) return null
  const inUse = known.models.filter(({ state }) => state === 'serving' || state === 'shadow')
  const scores = known.scores.filter(({ model, windows }) => model !== 'network' && windows > 0)
  return (
    <details class="forecasters">
      <summary>Forecasters and how they do</summary>
      {inUse.map((model) => (
        <p key={model.version}>
          <span class={`tag ${model.label}`}>{model.state}</span> {model.version}
          <small class="dim"> {model.reason}</small>
        </p>
      ))}
      {scores.length === 0 ? (
        <p class="dim">No forecast is 12 hours old yet.</p>
      ) : (
        <ScoreTable scores={scores} models={known.models} />
      )}
    </details>
  )
}

function ScoreTable(props: {
  readonly scores: readonly LiveScoreView[]
  readonly models: readonly ModelView[]
}) {
  const sorted = props.scores.toSorted((a, b) => (a.wql ?? 9) - (b.wql ?? 9))
  const share = (value: number | null) =>
    value === null ? '–' : `${(100 * value).toFixed(1).replace('-', '−')} %`
  return (
    <table class="table">
      <thead>
        <tr>
          <th scope="col">12 hours in stock</th>
          <th scope="col" class="num" title="Weighted quantile loss: the lower the better">
            WQL
          </th>
          <th scope="col" class="num">
            bias
          </th>
          <th scope="col" class="num" title="Share of outcomes below the 90 % quantile">
            below P90
          </th>
          <th scope="col" class="num">
            windows
          </th>
        </tr>
      </thead>
      <tbody>
        {sorted.map((one) => (
          <tr key={one.model}>
            <th scope="row">
              {props.models.some(({ version }) => version === one.model)
                ? one.model
                : forecasterName(one.model)}
            </th>
            <td class="num">{one.wql?.toFixed(3) ?? '–'}</td>
            <td class="num">{share(one.wpe)}</td>
            <td class="num">{share(one.below90)}</td>
            <td class="num">{count(one.windows)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
