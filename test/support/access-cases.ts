import type { Random } from '../../domain/index.ts'
import type { Identity } from '../../gateway/identity/access.ts'

export interface AccessCase {
  readonly action: 'publish' | 'retain' | 'will' | 'subscribe' | 'receive'
  /** A topic or, to subscribe, a filter. */
  readonly topic: string
}

const sites = ['s1', 's2']
const devices = ['d1', 'd2']
const levels = ['v1', 's1', 's2', 'd1', 'telemetry', 'state', 'command', 'x', '']

const pick = <T>(random: Random, list: readonly T[]): T =>
  list[Math.floor(random.next() * list.length)]!

function anyFilter(random: Random): string {
  const names = Array.from({ length: 1 + Math.floor(random.next() * 4) }, () =>
    random.next() < 0.25 ? '+' : pick(random, levels),
  )
  if (random.next() < 0.35) names[names.length - 1] = '#'
  if (random.next() < 0.1) names[0] = pick(random, ['$SYS', '$share', '$other'])
  return names.join('/') === '' ? 'x' : names.join('/')
}

/** A topic near those that a rule is about: its wildcards filled, a level changed, added or left out. */
function near(random: Random, filter: string): string {
  const names = filter
    .split('/')
    .flatMap((level) => (level === '#' ? [pick(random, levels), pick(random, levels)] : [level]))
    .map((level) => (level === '+' ? pick(random, levels) : level))
  const at = Math.floor(random.next() * names.length)
  const change = random.next()
  if (change < 0.15) names[at] = pick(random, levels)
  else if (change < 0.25) names.splice(at, 1)
  else if (change < 0.35) names.splice(at, 0, pick(random, levels))
  return names.join('/') === '' ? 'x' : names.join('/')
}

function pathTopic(random: Random): string {
  const last = pick(random, ['telemetry', 'state', 'command', 'command/result', 'uplink', 'x', 'telemetry/x', '']) // prettier-ignore
  return `${pick(random, ['v1', 'v2'])}/${pick(random, sites)}/${pick(random, devices)}/${last}`
}

export function anyIdentity(random: Random, number: number): Identity {
  const kind = pick(random, ['device', 'join', 'bridge', 'gateway', 'operator'] as const)
  const path = { site: pick(random, sites), device: pick(random, devices) }
  const rules = (): string[] =>
    Array.from({ length: Math.floor(random.next() * 3) }, () => anyFilter(random))
  const hasPath = kind === 'device' || kind === 'join' || kind === 'gateway'
  const isOperator = kind === 'operator'
  return {
    username: kind === 'join' ? `${path.site}/+` : `${kind}-${number}`,
    kind: kind === 'gateway' ? 'bridge' : kind,
    site: isOperator ? null : path.site,
    path: hasPath ? path : null,
    publish: isOperator || kind === 'bridge' ? rules() : [],
    subscribe: kind === 'join' ? [] : rules(),
    mappings:
      kind === 'bridge'
        ? rules().map((pattern) => ({
            pattern,
            site: pick(random, [path.site, '{1}']),
            device: pick(random, ['d9', '{1}', '{2}', 'x-{1}']),
          }))
        : [],
  }
}

export function anyCase(random: Random, identity: Identity): AccessCase {
  const action = pick(random, ['publish', 'retain', 'will', 'subscribe', 'receive'] as const)
  const patterns = identity.mappings.map(({ pattern }) => pattern)
  const own = action === 'subscribe' || action === 'receive' ? identity.subscribe : [...identity.publish, ...patterns] // prettier-ignore
  const from = random.next()
  if (action === 'subscribe' && from < 0.5) {
    const rule = own.length > 0 && random.next() < 0.7 ? pick(random, own) : anyFilter(random)
    const words = rule.split('/')
    const at = Math.floor(random.next() * words.length)
    const change = random.next()
    // Wider than its rule, narrower, or as wide.
    if (change < 0.2) words.splice(at, words.length, '#')
    else if (change < 0.35 && words[at] !== '#') words[at] = '+'
    else if (change < 0.5 && words[at] === '+') words[at] = pick(random, levels)
    else if (change < 0.6 && words.at(-1) !== '#') words.push(pick(random, ['#', '+', 'x']))
    const isOdd = random.next()
    if (isOdd < 0.1) return { action, topic: `$share/g/${words.join('/')}` }
    if (isOdd < 0.2) return { action, topic: pick(random, ['#', '$SYS/#', '+', '+/#', '$share']) }
    return { action, topic: words.join('/') }
  }
  if (from < 0.4 || own.length === 0) return { action, topic: pathTopic(random) }
  const topic = near(random, pick(random, own))
  return { action, topic: random.next() < 0.05 ? `$SYS/${topic}` : topic }
}
