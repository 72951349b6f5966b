import type { Credential, TopicMapping } from './device.ts'
import { isName } from './ids.ts'

const maxFilterBytes = 256
const maxFilterLevels = 10
// eslint-disable-next-line no-control-regex
const forbidden = /[\u0000-\u001f\u007f-\u009f]/

/** What is wrong with the rules of a credential that is to be made, in sentences; of a device's there are none to give. */
export function findRuleProblems(
  credential: Pick<Credential, 'kind' | 'site' | 'publish' | 'subscribe' | 'mappings'>,
): readonly string[] {
  const { kind, site, publish, subscribe, mappings } = credential
  const filters = [...publish, ...subscribe]
  const problems = filters.flatMap((filter) => describe(filter, filterProblem(filter)))
  if (kind === 'join') {
    if (site === null) problems.push('A join credential is of one site: name it.')
    if (filters.length + mappings.length > 0)
      problems.push(
        'A join credential has no filters and mappings: it speaks under the own path of each new device.',
      )
  }
  if (kind === 'bridge') {
    problems.push(
      ...filters.flatMap((filter) => describe(filter, reachProblem(filter, site))),
      ...mappings.flatMap((mapping) => mappingProblems(mapping, site)),
    )
    if (publish.length + mappings.length === 0)
      problems.push('A bridge publishes: give it a mapping or a filter to publish.')
  } else if (mappings.length > 0) problems.push('Only a bridge has mappings.')
  if (kind === 'operator' && filters.length === 0)
    problems.push('An operator may do what its filters say, and it has none: give it one.')
  return problems
}

const describe = (filter: string, problem: string | null): string[] =>
  problem === null ? [] : [`"${filter}" ${problem}.`]

function filterProblem(filter: string): string | null {
  const levels = filter.split('/')
  if (filter === '' || forbidden.test(filter)) return 'is no topic filter'
  if (Buffer.byteLength(filter) > maxFilterBytes || levels.length > maxFilterLevels)
    return `is longer than ${maxFilterBytes} bytes or ${maxFilterLevels} levels`
  if (filter.startsWith('$')) return 'is for nobody: topics that begin with $ are the broker’s own'
  const isRight = levels.every(
    (level, index) =>
      level === '+' || (level === '#' && index === levels.length - 1) || !/[+#]/.test(level),
  )
  return isRight ? null : 'is no topic filter: + is a whole level, # the last one'
}

/** A bridge speaks for its own network and site, never for everybody. */
function reachProblem(filter: string, site: string | null): string | null {
  const [first = '', second = ''] = filter.split('/')
  if (first === '+' || first === '#') return 'covers everything: a bridge names the first level'
  if (first !== 'v1') return null
  if (second === '+' || second === '#' || second === '')
    return 'covers every site: a bridge names the site'
  return site === null || second === site ? null : `is not of its site ${site}`
}

function mappingProblems(mapping: TopicMapping, site: string | null): readonly string[] {
  const { pattern } = mapping
  const known = filterProblem(pattern) ?? reachProblem(pattern, null)
  const wildcards = pattern.split('/').filter((level) => level === '+').length
  const names = [mapping.site, mapping.device]
  const problems = describe(pattern, known)
  for (const name of names) {
    const numbers = [...name.matchAll(/\{(\d)\}/g)].map((match) => Number(match[1]))
    if (!isName(name.replaceAll(/\{\d\}/g, 'x')) || numbers.some((n) => n < 1 || n > wildcards))
      problems.push(
        `"${name}" of the mapping "${pattern}" is no name: letters, digits, - and _, and {1} to {${wildcards}} for what each + stands for.`,
      )
  }
  const isForeign = site !== null && mapping.site !== site && !mapping.site.includes('{')
  if (isForeign) problems.push(`The mapping "${pattern}" is not of its site ${site}.`)
  return problems
}
