import type { Identity } from '../../gateway/identity/access.ts'

/**
 * Who may do what, decided another way than the gateway does: topics by regular expressions, filters by trying all topics of
 * a small world, own paths by listing them.
 */
const name = /^[A-Za-z0-9_-]{1,64}$/

/** Wildcards are caught or not. */
function toExpression(filter: string, catches: boolean): RegExp {
  const plus = catches ? '([^/]*)' : '[^/]*'
  const rest = catches ? '(.*)' : '.*'
  const body = filter
    .split('/')
    .map((level, index) => {
      if (level === '#') return index === 0 ? rest : `(?:/${rest})?`
      const text = level === '+' ? plus : level.replaceAll(/[$.*+?^{}()|[\]\\]/g, '\\$&')
      return index === 0 ? text : `/${text}`
    })
    .join('')
  return new RegExp(`^${body}$`, 's')
}

export function meets(filter: string, topic: string): boolean {
  if (/^[+#]/.test(filter) && topic.startsWith('$')) return false
  return toExpression(filter, false).test(topic)
}

/** Topics that a filter meets: each wildcard filled with every word of both filters, and with one that is in neither. */
function topicsOf(filter: string, rule: string): string[] {
  const words = ['zz', '']
  for (const level of [...filter.split('/'), ...rule.split('/')])
    if (level !== '+' && level !== '#' && !words.includes(level)) words.push(level)
  const more = Math.max(1, rule.split('/').length - filter.split('/').length + 2)
  let topics: string[][] = [[]]
  for (const level of filter.split('/')) {
    if (level === '+') topics = topics.flatMap((topic) => words.map((word) => [...topic, word]))
    else if (level !== '#') topics = topics.map((topic) => [...topic, level])
    else {
      let longest = topics
      for (let added = 0; added < more; added++) {
        longest = longest.flatMap((topic) => words.map((word) => [...topic, word]))
        topics = [...topics, ...longest]
      }
    }
  }
  return topics
    .map((topic) => topic.join('/'))
    .filter((topic) => topic !== '' && meets(filter, topic))
}

const ownTopics = ({ kind, path }: Identity): ReadonlyMap<string, boolean> => {
  if (path === null) return new Map()
  const root = `v1/${path.site}/${path.device}/`
  const mayRetain = new Map([
    [`${root}telemetry`, false],
    [`${root}state`, true],
    [`${root}command/result`, false],
  ])
  return kind === 'bridge' ? mayRetain.set(`${root}uplink`, false) : mayRetain
}

export function mayPublish(identity: Identity, topic: string, retain: boolean): boolean {
  const own = ownTopics(identity)
  if (own.has(topic)) return !retain || own.get(topic) === true
  if (topic.startsWith('$')) return false
  for (const { pattern, site, device } of identity.mappings) {
    const match = toExpression(pattern, true).exec(topic)
    if (!match) continue
    const fill = (text: string): string =>
      text.replaceAll(/\{\d\}/g, (ref) => (match[Number(ref[1])] ?? '').replaceAll(/[ :.]/g, '-'))
    const [ofSite, ofDevice] = [fill(site), fill(device)]
    if (!name.test(ofSite) || !name.test(ofDevice) || ofDevice === 'derived') return false
    return identity.site === null || identity.site === ofSite
  }
  return identity.publish.some((rule) => meets(rule, topic))
}

const ownCommand = ({ path }: Identity): string | null =>
  path && `v1/${path.site}/${path.device}/command`

export function mayReceive(identity: Identity, topic: string): boolean {
  return topic === ownCommand(identity) || identity.subscribe.some((rule) => meets(rule, topic))
}

export function maySubscribe(identity: Identity, filter: string): boolean {
  if (/^\$share(?:\/|$)/.test(filter)) return false
  if (filter === ownCommand(identity)) return true
  return identity.subscribe.some((rule) =>
    topicsOf(filter, rule).every((topic) => meets(rule, topic)),
  )
}
