import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkPublish, checkSubscribe, mayReceive, parseClientId, type Identity } from './access.ts'
import { coversFilter, matchesFilter } from '../wire/topic.ts'

const device: Identity = {
  username: 's1/d1',
  kind: 'device',
  site: 's1',
  path: { site: 's1', device: 'd1' },
  publish: [],
  subscribe: [],
  mappings: [],
}
const operator = (publish: string[], subscribe: string[]): Identity => ({
  username: 'op',
  kind: 'operator',
  site: null,
  path: null,
  publish,
  subscribe,
  mappings: [],
})

/** What MQTT 3.1.1, 4.7 says of filters, as a regular expression: an oracle that shares no code. */
function reference(filter: string): RegExp {
  const first = filter.startsWith('+') || filter.startsWith('#') ? '(?!\\$)' : ''
  const body = filter
    .split('/')
    .map((level) =>
      level === '+' ? '[^/]*' : level === '#' ? '.*' : level.replace(/[$]/g, '\\$&'),
    )
    .join('/')
    .replace(/\/\.\*$/, '(/.*)?')
  return new RegExp(`^${first}${body}$`)
}

const word = fc.constantFrom('v1', 's1', 's2', 'd1', 'telemetry', 'state', 'command', '$SYS', '')
const topic = fc.array(word, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'))
const filter = fc
  .tuple(
    fc.array(fc.oneof(word, fc.constant('+')), { minLength: 1, maxLength: 4 }),
    fc.constantFrom('', '/#'),
  )
  .map(([levels, end]) => levels.join('/') + end)
const anyFilter = fc.oneof(filter, fc.constant('#'))

describe('filters', () => {
  it('match the topics that the standard says', () => {
    fc.assert(
      fc.property(anyFilter, topic, (one, other) => {
        expect(matchesFilter(one, other)).toBe(reference(one).test(other))
      }),
      { numRuns: 3000 },
    )
  })

  it('cover another only where each topic of it is theirs too', () => {
    const words = ['v1', 's1', '$SYS', '', 'x']
    const topics = words.flatMap((a) => [
      a,
      ...words.flatMap((b) => [`${a}/${b}`, ...words.map((c) => `${a}/${b}/${c}`)]),
    ])
    const short = fc
      .tuple(
        fc.array(fc.constantFrom('v1', 's1', '$SYS', '', '+'), { minLength: 1, maxLength: 3 }),
        fc.constantFrom('', '/#'),
      )
      .map(([levels, end]) => levels.join('/') + end)
    fc.assert(
      fc.property(
        fc.oneof(short, fc.constant('#')),
        fc.oneof(short, fc.constant('#')),
        (rule, one) => {
          if (!coversFilter(rule, one)) return
          for (const each of topics)
            if (reference(one).test(each)) expect(reference(rule).test(each), each).toBe(true)
        },
      ),
      { numRuns: 1000 },
    )
    expect(coversFilter('v1/#', 'v1/+/+/telemetry')).toBe(true)
    expect(coversFilter('v1/s1/#', 'v1/+/d1/state')).toBe(false)
    expect(coversFilter('#', '$SYS/#')).toBe(false)
    expect(coversFilter('$SYS/#', '$SYS/broker/+')).toBe(true)
  })
})

describe('a device', () => {
  const allowed = new Set(['v1/s1/d1/telemetry', 'v1/s1/d1/state', 'v1/s1/d1/command/result'])

  it('publishes under its own path and nowhere else', () => {
    const near = fc.oneof(
      topic,
      fc.constantFrom(...allowed),
      fc.constantFrom(
        'v1/s1/d1/command',
        'v1/s1/d1/telemetry/',
        'V1/s1/d1/telemetry',
        'v1/s1/d1',
        '/v1/s1/d1/telemetry',
        '$SYS/v1',
        '$share/g/v1/s1/d1/telemetry',
      ),
    )
    fc.assert(
      fc.property(near, fc.boolean(), (one, retain) => {
        const isAllowed = allowed.has(one) && (!retain || one.endsWith('/state'))
        expect(checkPublish(device, { topic: one, retain }) === null).toBe(isAllowed)
      }),
      { numRuns: 2000 },
    )
  })

  it('subscribes to its own commands and to nothing else', () => {
    const near = fc.oneof(
      anyFilter,
      fc.constantFrom(
        'v1/s1/d1/command',
        'v1/s1/d1/command/#',
        'v1/s1/+/command',
        '$share/g/v1/s1/d1/command',
        '$SYS/#',
        '+/s1/d1/command',
      ),
    )
    fc.assert(
      fc.property(near, (one) => {
        expect(checkSubscribe(device, one) === null).toBe(one === 'v1/s1/d1/command')
      }),
      { numRuns: 2000 },
    )
  })

  it('is sent its own commands only', () => {
    expect(mayReceive(device, 'v1/s1/d1/command')).toBe(true)
    expect(mayReceive(device, 'v1/s1/d2/command')).toBe(false)
    expect(mayReceive(device, 'v1/s1/d1/telemetry')).toBe(false)
  })
})

describe('context', () => {
  const city = { topic: 'v1/context/event', retain: false }
  const ofSite = { topic: 'v1/s1/context/event', retain: false }

  it('is said by whose rules say so, and by no device, not even one of that name', () => {
    expect(checkPublish(operator(['v1/context/#'], []), city)).toBeNull()
    expect(checkPublish(operator(['v1/s1/context/#'], []), city)).not.toBeNull()
    const bridge: Identity = { ...device, kind: 'bridge', path: null }
    expect(checkPublish({ ...bridge, publish: ['v1/s1/context/+'] }, ofSite)).toBeNull()
    expect(checkPublish(bridge, ofSite)).not.toBeNull()
    for (const name of ['d1', 'context']) {
      const own = { ...device, path: { site: 's1', device: name } }
      expect(checkPublish(own, ofSite)).not.toBeNull()
      expect(checkPublish({ ...own, kind: 'join' }, ofSite)).not.toBeNull()
    }
  })
})

describe('an operator', () => {
  it('does what its rules say and nothing more', () => {
    const one = operator(['v1/s1/+/command'], ['v1/s1/#'])
    expect(checkPublish(one, { topic: 'v1/s1/d9/command', retain: false })).toBeNull()
    expect(checkPublish(one, { topic: 'v1/s2/d9/command', retain: false })).not.toBeNull()
    expect(checkSubscribe(one, 'v1/s1/+/telemetry')).toBeNull()
    expect(checkSubscribe(one, 'v1/+/d1/telemetry')).not.toBeNull()
    expect(mayReceive(one, 'v1/s2/d1/telemetry')).toBe(false)
  })

  it('never publishes to $SYS, nor shares a subscription, whatever its rules', () => {
    const one = operator(['#', '$SYS/#'], ['#', '$SYS/#', '$share/#'])
    expect(checkPublish(one, { topic: '$SYS/x', retain: false })).not.toBeNull()
    expect(checkSubscribe(one, '$SYS/#')).toBeNull()
    expect(checkSubscribe(one, '$share/g/v1/#')).not.toBeNull()
  })
})

describe('a client id', () => {
  it.each([
    ['s1.d1', { site: 's1', device: 'd1' }],
    ['s1', null],
    ['s1.d1.x', null],
    ['.d1', null],
    ['__proto__', null],
    ['s/1.d1', null],
  ])('%s is the path %o', (clientId, path) => {
    expect(parseClientId(clientId)).toEqual(path)
  })
})
