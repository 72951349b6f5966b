export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

const notOfPlainVariables = ['auto', 'auto_min', 'auto_count']

/**
 * What SDK 0.0.21 writes and Grafana 13 no longer has, taken out: the footer of a table, the interval keys on other
 * variables, and the placement that hides links and annotations in a menu. Keys sorted.
 */
export function normalise(board: unknown): Json {
  const clean = (value: Json, path: string): Json => {
    if (Array.isArray(value))
      return (value as readonly Json[]).map((one) => clean(one, `${path}[]`))
    if (value === null || typeof value !== 'object') return value
    const object = value as Readonly<Record<string, Json>>
    const kept = Object.entries(object).filter(([key]) => {
      if (path.endsWith('.options') && key === 'footer') return false
      if (path === '.templating.list[]' && object.type !== 'interval') {
        return !notOfPlainVariables.includes(key)
      }
      return key !== 'placement' || object.placement !== 'inControlsMenu'
    })
    return Object.fromEntries(
      kept
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, one]) => [key, clean(one, `${path}.${key}`)]),
    )
  }
  return clean(JSON.parse(JSON.stringify(board)) as Json, '')
}
