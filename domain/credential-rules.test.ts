import { expect, it } from 'vitest'
import { findRuleProblems } from './credential-rules.ts'

const rules = { site: 's1', publish: [], subscribe: [], mappings: [] } as const
const mapping = (pattern: string, device = '{1}', site = 's1') => ({ pattern, site, device })

it.each([
  { ...rules, kind: 'join' } as const,
  { ...rules, kind: 'operator', subscribe: ['#'], publish: ['v1/+/+/command'] } as const,
  { ...rules, kind: 'operator', site: null, subscribe: ['+/+/#'] } as const,
  { ...rules, kind: 'bridge', mappings: [mapping('zigbee2mqtt/+')] } as const,
  { ...rules, kind: 'bridge', publish: ['v1/s1/+/telemetry'], subscribe: ['v1/s1/#'] } as const,
  { ...rules, kind: 'bridge', site: null, mappings: [mapping('a/+/+', 'x-{2}', '{1}')] } as const,
])('%o is in order', (credential) => {
  expect(findRuleProblems(credential)).toEqual([])
})

it.each([
  ['of one site', { ...rules, kind: 'join', site: null } as const],
  ['no filters', { ...rules, kind: 'join', publish: ['a'] } as const],
  ['give it one', { ...rules, kind: 'operator' } as const],
  ['Only a bridge', { ...rules, kind: 'operator', publish: ['a'], mappings: [mapping('a/+')] }],
  ['for nobody', { ...rules, kind: 'operator', subscribe: ['$SYS/#'] } as const],
  ['for nobody', { ...rules, kind: 'operator', subscribe: ['$share/g/v1/#'] } as const],
  ['no topic filter', { ...rules, kind: 'operator', subscribe: ['a/#/b'] } as const],
  ['no topic filter', { ...rules, kind: 'operator', subscribe: ['a+'] } as const],
  ['no topic filter', { ...rules, kind: 'operator', subscribe: [''] } as const],
  ['longer', { ...rules, kind: 'operator', subscribe: ['a/'.repeat(10)] } as const],
  ['publishes', { ...rules, kind: 'bridge' } as const],
  ['everything', { ...rules, kind: 'bridge', publish: ['#'] } as const],
  ['everything', { ...rules, kind: 'bridge', publish: ['+/s1/#'] } as const],
  ['every site', { ...rules, kind: 'bridge', publish: ['v1/+/d/telemetry'] } as const],
  ['not of its site', { ...rules, kind: 'bridge', publish: ['v1/s2/d/telemetry'] } as const],
  ['not of its site', { ...rules, kind: 'bridge', mappings: [mapping('a/+', '{1}', 's2')] }],
  ['no name', { ...rules, kind: 'bridge', mappings: [mapping('a/+', '{2}')] }],
  ['no name', { ...rules, kind: 'bridge', mappings: [mapping('a/+', 'a b')] }],
  ['no name', { ...rules, kind: 'bridge', mappings: [mapping('a/+', '{0}')] }],
  ['everything', { ...rules, kind: 'bridge', mappings: [mapping('+')] }],
] as const)('says "%s" of %o', (words, credential) => {
  expect(findRuleProblems(credential).join(' ')).toContain(words)
})
