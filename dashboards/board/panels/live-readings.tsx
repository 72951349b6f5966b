import { useMemo, useState } from 'preact/hooks'
import type { BoardState } from '../data/board-store.ts'
import { selectRows, type FeedRow } from '../data/feed.ts'
import type { ReadingView } from '../data/wire.ts'
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

const plain = new Intl.NumberFormat('en', { maximumFractionDigits: 2 })

function wordsOf({ channel, value }: ReadingView): string {
  if (channel === 'doorOpen' && (value === 0 || value === 1)) return value === 1 ? 'open' : 'closed'
  return `${plain.format(value).replace('-', '−')} ${unitsOf[channel] ?? ''}`
}

export function LiveReadingsPanel(props: { readonly state: BoardState }) {
  const { state } = props
  const [filter, setFilter] = useState('')
  const rows = selectRows(state.feed, filter, shown)
  const { products } = state.collections
  const names = useMemo(
    () => new Map([...products.values()].map((product) => [product.gtin, product.name])),
    [products],
  )
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
            <FeedLine
              key={row.series}
              row={row}
              zone={zoneOf(state)}
              product={names.get(row.reading.gtin ?? '')}
            />
          ))}
        </ul>
      )}
    </PanelFrame>
  )
}

function FeedLine(props: {
  readonly row: FeedRow
  readonly zone: string
  readonly product: string | undefined
}) {
  const { reading, rare, series } = props.row
  return (
    <li class={rare ? 'rare' : ''} data-series={series}>
      <time class="dim" dateTime={reading.at}>
        {clockSeconds(reading.at, props.zone)}
      </time>
      <span class="name" title={series}>
        {reading.site}/{reading.device} <b>{reading.channel}</b>
        {reading.gtin !== null && <small>{props.product ?? reading.gtin}</small>}
      </span>
      <span class="value">
        {wordsOf(reading)}
        {reading.quality !== 'good' && <span class="tag warning">{reading.quality}</span>}
      </span>
    </li>
  )
}
