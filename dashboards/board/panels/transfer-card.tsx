import { useState } from 'preact/hooks'
import type { BoardState } from '../data/board-store.ts'
import type { TransferView } from '../data/wire.ts'
import { productName, siteName, useStore, zoneOf } from '../parts/context.ts'
import { clockTime, money, units } from '../parts/format.ts'

const statusWords: Readonly<Record<TransferView['status'], string>> = {
  proposed: 'proposed',
  approved: 'approved',
  rejected: 'rejected',
  expired: 'expired',
  in_transit: 'on its way',
  received: 'received',
  short: 'received short',
  cancelled: 'cancelled',
}

function etaWords(transfer: TransferView, zone: string): string {
  if (transfer.receivedAt !== null) return `received ${clockTime(transfer.receivedAt, zone)}`
  if (transfer.shownEtaAt !== null) return `there by ${clockTime(transfer.shownEtaAt, zone)}`
  return `takes ${units(transfer.etaMinutesP50)} min, P90 ${units(transfer.etaMinutesP90)} min`
}

export function TransferCard(props: {
  readonly state: BoardState
  readonly transfer: TransferView
}) {
  const { state, transfer } = props
  const zone = zoneOf(state)
  return (
    <article class={`transfer ${transfer.status}`} data-transfer={transfer.id}>
      <header>
        <h3>
          {siteName(state, transfer.from)} <span aria-label="to">→</span>{' '}
          {siteName(state, transfer.to)}
        </h3>
        <span class={`tag ${transfer.status}`}>{statusWords[transfer.status]}</span>
        <span class="tag">{transfer.tempClass}</span>
        <strong class="saves" title="Expected saving, in the installation's currency">
          saves {money(transfer.saves)}
        </strong>
      </header>
      <p class="dim">
        {etaWords(transfer, zone)} · proposed {clockTime(transfer.proposedAt, zone)}
        {transfer.decidedBy !== null && ` · decided by ${transfer.decidedBy}`}
        {transfer.status === 'proposed' && ` · open until ${clockTime(transfer.expiresAt, zone)}`}
      </p>
      <ul class="lines">
        {transfer.lines.map((line) => (
          <li key={line.product}>
            <span class="what">
              <b>{units(line.units)}</b> {productName(state, line.product)}
              {line.receivedUnits !== null && (
                <span class="dim"> ({units(line.receivedUnits)} received)</span>
              )}
            </span>
            <ReasonParts line={line} />
          </li>
        ))}
      </ul>
      <details>
        <summary>Why, and what lost</summary>
        {transfer.lines.map((line) => (
          <p key={line.product}>{line.reason.words}</p>
        ))}
        {transfer.alternatives.length > 0 && (
          <ul>
            {transfer.alternatives.map((words) => (
              <li key={words}>{words}</li>
            ))}
          </ul>
        )}
      </details>
      {transfer.status === 'proposed' && state.session.canWrite && (
        <Decide transfer={transfer.id} />
      )}
    </article>
  )
}

/** The parts of the reason in the order in which they add up. */
function ReasonParts(props: { readonly line: TransferView['lines'][number] }) {
  const { reason, saves } = props.line
  return (
    <span class="reason">
      <span title="Value to the receiver">value {money(reason.valueToReceiver)}</span>
      {reason.lossToGiver < 0 ? (
        <span title="What the giver gains by having less of it">
          + giver {money(-reason.lossToGiver)}
        </span>
      ) : (
        <span title="Loss to the giver">− giver {money(reason.lossToGiver)}</span>
      )}
      <span title="Cost of handling the units">− handling {money(reason.unitCosts)}</span>
      <span title="Share of the trip's cost">− trip {money(reason.tripCostShare)}</span>
      <span>
        = <b>{money(saves)}</b>
      </span>
    </span>
  )
}

function Decide(props: { readonly transfer: string }) {
  const store = useStore()
  const [isBusy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const decide = async (decision: 'approve' | 'reject') => {
    setBusy(true)
    setProblem(null)
    try {
      await store.decide(props.transfer, decision)
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <div class="decide">
      <button
        type="button"
        class="primary"
        disabled={isBusy}
        onClick={() => void decide('approve')}
      >
        Approve
      </button>
      <button type="button" disabled={isBusy} onClick={() => void decide('reject')}>
        Reject
      </button>
      {problem !== null && (
        <span class="problem" role="alert">
          {problem}
        </span>
      )}
    </div>
  )
}
