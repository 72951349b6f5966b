import { useMemo } from 'preact/hooks'
import type { BoardState } from '../data/board-store.ts'
import type { TransferView } from '../data/wire.ts'
import { PanelFrame } from '../parts/panel.tsx'
import { TransferCard } from './transfer-card.tsx'

const shown = 24
const order: readonly TransferView['status'][] = [
  'proposed',
  'in_transit',
  'approved',
  'short',
  'rejected',
  'received',
  'cancelled',
  'expired',
]

export function TransfersPanel(props: { readonly state: BoardState }) {
  const { state } = props
  const { transfers } = state.collections
  const sorted = useMemo(
    () =>
      [...transfers.values()].sort(
        (a, b) =>
          order.indexOf(a.status) - order.indexOf(b.status) ||
          (a.status === 'proposed'
            ? b.saves - a.saves
            : Date.parse(b.proposedAt) - Date.parse(a.proposedAt)),
      ),
    [transfers],
  )
  const open = sorted.filter((one) => one.status === 'proposed').length
  return (
    <PanelFrame
      id="transfers"
      isEmpty={sorted.length === 0}
      emptyWords={
        state.collections.forecasts.size === 0
          ? 'Nothing proposed yet: transfers follow the first forecasts.'
          : undefined
      }
      note={
        open > 0 && !state.session.canWrite ? (
          <span class="dim">
            Read only. To decide, open the “decide” link that larder up prints on its terminal.
          </span>
        ) : (
          <span class="dim">{open} to decide</span>
        )
      }
    >
      <ul class="cards">
        {sorted.slice(0, shown).map((transfer) => (
          <li key={transfer.id}>
            <TransferCard state={state} transfer={transfer} />
          </li>
        ))}
      </ul>
    </PanelFrame>
  )
}
