import type { ComponentChildren } from 'preact'
import { useStore } from './context.ts'
import { panelOf, type PanelId } from '../../catalogue.ts'

/** The frame of a panel: its title and question from the catalogue, a note on the right, its content. */
export function PanelFrame(props: {
  readonly id: PanelId
  readonly note?: ComponentChildren
  readonly isEmpty: boolean
  /** Said in place of the catalogue's words, e.g. why there is nothing yet. */
  readonly emptyWords?: string | undefined
  readonly children: ComponentChildren
}) {
  const panel = panelOf(props.id)
  const isWaiting = props.isEmpty && !useStore().state().loaded
  return (
    <section class="panel" data-panel={props.id} aria-labelledby={`title-${props.id}`}>
      <header class="panel-head">
        <div>
          <h2 id={`title-${props.id}`}>{panel.title}</h2>
          <p class="question">{panel.question}</p>
        </div>
        {props.note !== undefined && !isWaiting && <div class="panel-note">{props.note}</div>}
      </header>
      <div class="panel-body" tabIndex={0} role="group" aria-labelledby={`title-${props.id}`}>
        {props.isEmpty ? (
          <p class="empty">{isWaiting ? 'Loading…' : (props.emptyWords ?? panel.empty)}</p>
        ) : (
          props.children
        )}
      </div>
    </section>
  )
}
