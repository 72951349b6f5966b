import { useState } from 'preact/hooks'
import type { BoardState } from '../data/board-store.ts'
import { selectRows, type FeedRow } from '../data/feed.ts'
import { zoneOf } from '../parts/context.ts'
import { clockSeconds } from '../parts/format.ts'
import { PanelFrame } from '../parts/panel.tsx'

const shown = 40

/** Units of the channels that everyone knows; another channel's unit is its own name's business. */
const unitsOf: Readonly<Record<string, string>> = {
  units: 'units',
  grams: 'g',
  picked: 'units',
  sold: 'units',
  in: 'people',
  out: 'people',
  celsius: '°C',
  humidityPct: '%',
  batteryPct: '%',
  rssiDbm: 'dBm',
  outOfStockMinutes: 'min',
}

export function LiveReadingsPanel(props: { readonly state: BoardState }) {
  const { state } = props
  const [filter, setFilter] = useState('')
  const rows = selectRows(state.feed, filter, shown)
  return (
    <PanelFrame
      id="live-readings"
      isEmpty={state.feed.rows.length === 0}
      note={
        <input
          type="search"
          value={filter}
          placeholder="site device channel"
          aria-label="Show only series with these words"
          onInput={(event) => {
            setFilter(event.currentTarget.value)
          }}
        />
      }
    >
      {rows.length === 0 ? (
        <p class="empty">No series with these words since the board was opened.</p>
      ) : (
        <ul class="rows feed" aria-label="Newest reading of each series">
          {rows.map((row) => (
            <FeedLine key={row.series} row={row} zone={zoneOf(state)} />
          ))}
        </ul>
      )}
    </PanelFrame>
  )
}

function FeedLine(props: { readonly row: FeedRow; readonly zone: string }) {
  const { reading, rare, series } = props.row
  const unit = unitsOf[reading.channel] ?? ''
  return (
    <li class={rare ? 'rare' : ''} data-series={series}>
      <time class="dim" dateTime={reading.at}>
        {clockSeconds(reading.at, props.zone)}
      </time>
      <span class="name" title={series}>
        {reading.site}/{reading.device} <b>{reading.channel}</b>
        {reading.gtin !== null && <small>{reading.gtin}</small>}
      </span>
      <span class="value">
        {Math.round(reading.value * 100) / 100} {unit}
        {reading.quality !== 'good' && <span class="tag warning">{reading.quality}</span>}
      </span>
    </li>
  )
}
