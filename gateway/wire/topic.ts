/** Filters and topics as levels; `$…` is met only by a filter that names it (MQTT 3.1.1, 4.7.2). */
function isHidden(rule: string, topicOrFilter: string): boolean {
  return topicOrFilter.startsWith('$') && !rule.startsWith(topicOrFilter.split('/')[0]!)
}

/** Whether a topic is within a filter. */
export function matchesFilter(filter: string, topic: string): boolean {
  return !/[+#]/.test(topic) && coversFilter(filter, topic)
}

/** Whether every topic that `filter` can match is one that `rule` matches too. */
export function coversFilter(rule: string, filter: string): boolean {
  if (isHidden(rule, filter)) return false
  // Any first level and all below it is everything.
  const rules = rule === '+/#' ? ['#'] : rule.split('/')
  const levels = filter.split('/')
  for (const [index, allowed] of rules.entries()) {
    if (allowed === '#') return true
    const level = levels[index]
    if (level === undefined || level === '#') return false
    if (allowed !== '+' && allowed !== level) return false
  }
  return levels.length === rules.length
}
