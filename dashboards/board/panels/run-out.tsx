import { useMemo, useState } from 'preact/hooks'
import type { Chosen } from '../data/chosen.ts'
import type { BoardState } from '../data/board-store.ts'
import { listRunOuts, type RunOut } from '../data/run-out.ts'
import { productName, siteName } from '../parts/context.ts'
import { hoursLeft, percent, units } from '../parts/format.ts'
import { PanelFrame } from '../parts/panel.tsx'
import { SeverityMark } from '../parts/severity.tsx'
import { progressWords } from './training-bar.tsx'

const shortList = 40

function stateWords(row: RunOut): string {
  if (row.stock.onHand <= 0) return 'empty'
  if (row.severity === 'critical') return 'likely'
  return row.severity === 'warning' ? 'possible' : 'enough'
}

export function RunOutPanel(props: {
  readonly state: BoardState
  readonly chosen: Chosen | null
  readonly onChoose: (chosen: Chosen) => void
}) {
  const { state } = props
  const [isAll, showAll] = useState(false)
  const rows = useMemo(() => listRunOuts(state.collections), [state.collections])
  const pressing = rows.filter((row) => row.severity !== 'good')
  const shown = isAll ? rows : pressing.slice(0, shortList)
  const training = progressWords(state.status?.progress ?? null)
  const hasForecasts = rows.some((row) => row.forecast !== null)
  return (
    <PanelFrame
      id="run-out"
      isEmpty={shown.length === 0}
      emptyWords={
        rows.length === 0
          ? 'No stock position yet: it comes with the first shelf reading or an import.'
          : hasForecasts
            ? undefined
            : `No forecasts yet${training === null ? '' : `; ${training}`}.`
      }
      note={
        <button type="button" aria-pressed={isAll} onClick={() => showAll(!isAll)}>
          {isAll ? 'Only what presses' : `All ${rows.length}`}
        </button>
      }
    >
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Product and store</th>
            <th scope="col" class="number">
              On hand
            </th>
            <th scope="col" class="number wide">
              12 h median / P90
            </th>
            <th scope="col" class="number">
              Chance
            </th>
            <th scope="col" class="number">
              Empty in
            </th>
            <th scope="col">
              <span class="mark-words">State</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <RunOutRow key={row.key} row={row} {...props} />
          ))}
        </tbody>
      </table>
    </PanelFrame>
  )
}

function RunOutRow(props: {
  readonly row: RunOut
  readonly state: BoardState
  readonly chosen: Chosen | null
  readonly onChoose: (chosen: Chosen) => void
}) {
  const { row, state, chosen } = props
  const { site, product, incoming, onHand } = row.stock
  const isChosen = chosen?.site === site && chosen.product === product
  return (
    <tr class={isChosen ? 'chosen' : ''} data-stock={row.key}>
      <th scope="row">
        <button
          type="button"
          class="link"
          aria-pressed={isChosen}
          title="Show its forecast"
          onClick={() => {
            props.onChoose({ site, product })
          }}
        >
          {productName(state, product)}
        </button>
        <small>{siteName(state, site)}</small>
      </th>
      <td class="number">
        {units(onHand)}
        {incoming > 0 && <small class="incoming">+{units(incoming)} coming</small>}
      </td>
      <td class="number wide">
        {units(row.median)} <span class="dim">/ {units(row.p90)}</span>
      </td>
      <td class="number">
        <span class="meter" aria-hidden="true">
          <i class={row.severity} style={{ width: `${Math.round((row.chance ?? 0) * 100)}%` }} />
        </span>
        {percent(row.chance)}
      </td>
      <td class="number">{hoursLeft(row.hoursLeft)}</td>
      <td>
        <SeverityMark severity={row.severity} words={stateWords(row)} />
      </td>
    </tr>
  )
}
