import type { ComponentChildren } from 'preact'
import { useErrorBoundary } from 'preact/hooks'
import { panelOf, type PanelId } from '../../catalogue.ts'
import { PanelFrame } from './panel.tsx'

/** What fails inside is told in its own place; the rest of the board goes on. */
export function PanelGuard(props: { readonly id: PanelId; readonly children: ComponentChildren }) {
  const [error, tryAgain] = useErrorBoundary() as [unknown, () => void]
  if (error === undefined) return <>{props.children}</>
  return (
    <PanelFrame id={props.id} isEmpty={false}>
      <Failure
        what={`“${panelOf(props.id).title}” could not be drawn`}
        error={error}
        onTryAgain={tryAgain}
      />
    </PanelFrame>
  )
}

export function Guard(props: { readonly what: string; readonly children: ComponentChildren }) {
  const [error, tryAgain] = useErrorBoundary() as [unknown, () => void]
  if (error === undefined) return <>{props.children}</>
  return <Failure what={`${props.what} could not be drawn`} error={error} onTryAgain={tryAgain} />
}

function Failure(props: {
  readonly what: string
  readonly error: unknown
  readonly onTryAgain: () => void
}) {
  const words = props.error instanceof Error ? props.error.message : String(props.error)
  return (
    <div class="failure" role="alert">
      <p>
        {props.what}; the rest of the board goes on. <small>{words}</small>
      </p>
      <button type="button" onClick={props.onTryAgain}>
        Try again
      </button>
    </div>
  )
}
