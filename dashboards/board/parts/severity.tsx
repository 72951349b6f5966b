import type { Severity } from '../../limits.ts'

/** A state as a shape, a colour and a word, so that none of them is needed alone. */
export function SeverityMark(props: { readonly severity: Severity; readonly words: string }) {
  return (
    <span class={`mark ${props.severity}`} title={props.words}>
      <svg viewBox="0 0 12 12" width="10" height="10" aria-hidden="true">
        {props.severity === 'critical' && <path d="M6 .8 11.6 11H.4z" />}
        {props.severity === 'warning' && <path d="M6 .5 11.5 6 6 11.5.5 6z" />}
        {props.severity === 'good' && <circle cx="6" cy="6" r="5" />}
      </svg>
      <span class="mark-words">{props.words}</span>
    </span>
  )
}
