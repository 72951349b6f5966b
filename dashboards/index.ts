/**
 * Takes the words of domain; gives one panel catalogue (titles, questions, units, limits, queries), the embedded board
 * made from it in `board/`, and the Grafana board in `grafana/`. Promises that a name or a limit stands in one place.
 */
export * from './catalogue.ts'
export * from './limits.ts'
