/**
 * What the `+` of an MQTT filter stand for in a topic, in order, and last what its `#` stands for; null where the topic does
 * not match. A topic that begins with `$` is matched only by a filter that names its first level (MQTT 3.1.1, 4.7.2).
 */
export function matchTopic(filter: string, topic: string): readonly string[] | null {
  const wanted = filter.split('/')
  const levels = topic.split('/')
  if (topic.startsWith('$') && wanted[0] !== levels[0]) return null
  const found: string[] = []
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return [...found, levels.slice(index).join('/')]
    const actual = levels[index]
    if (actual === undefined || (level !== '+' && level !== actual)) return null
    if (level === '+') found.push(actual)
  }
  return levels.length === wanted.length ? found : null
}
