import type { InputGroup } from '../../domain/index.ts'

/** By the names of inputs; the first that fits counts. A static input is `name=value`, a pooled one `pool.span`. */
const groups: readonly (readonly [RegExp, InputGroup])[] = [
  [/=/, 'kind'],
  [/^(weekday\d|hour|nextDay)/, 'calendar'],
  [/^discount\./, 'discount'],
  [/^activity\./, 'activity'],
  [/^holiday\./, 'holiday'],
  [/^event\./, 'event'],
  [/^interest\./, 'interest'],
  [/^weatherTemperature\./, 'warmth'],
  [/^weatherPrecipitation\./, 'rain'],
  [/^weather/, 'air'],
  [/^(inStock|recentSeen|windowSeen|.*Seen\d+$)/, 'stock-outs'],
  [/^site\./, 'site'],
  [/^product/, 'product'],
  [/^(category|kind)/, 'alike'],
  [/^(self\.|recent\d|last\d|dayBack|sinceLastSale)/, 'recent'],
  [/^(windowBack|yesterday|weekAgo|week\d|sameWeekday)/, 'same-hours'],
]

/** What is in no other group is how the series sells in the long run. */
export function groupOf(input: string): InputGroup {
  return groups.find(([pattern]) => pattern.test(input))?.[1] ?? 'pattern'
}

/** Places of the inputs of each group that there is. */
export function groupInputs(names: readonly string[]): ReadonlyMap<InputGroup, Int32Array> {
  const places = new Map<InputGroup, number[]>()
  names.forEach((name, at) => {
    const group = groupOf(name)
    const list = places.get(group)
    if (list) list.push(at)
    else places.set(group, [at])
  })
  return new Map([...places].map(([group, list]) => [group, Int32Array.from(list)]))
}
