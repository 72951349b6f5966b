import { derivedDevice, isName } from '../../domain/index.ts'

export interface DeviceTopic {
  readonly site: string
  readonly device: string
  /** `command` is what we send: it is in the log where an operator published it, and says nothing about a device. */
  readonly what: 'telemetry' | 'state' | 'command' | 'command/result'
}

const mostTopics = 100_000
const whats: readonly string[] = ['telemetry', 'state', 'command', 'command/result']

/** `v1/{site}/{device}/…`, or null. The name of our own derived series is nobody's device. */
export function parseTopic(topic: string): DeviceTopic | null {
  const [version, site = '', device = '', ...rest] = topic.split('/')
  const what = rest.join('/')
  if (version !== 'v1' || !isName(site) || !isName(device) || device === derivedDevice) return null
  return whats.includes(what) ? { site, device, what: what as DeviceTopic['what'] } : null
}

/** Topics read before: a device publishes to the same few for ever. */
export function createTopicReader(): typeof parseTopic {
  const known = new Map<string, DeviceTopic | null>()
  return (topic) => {
    let read = known.get(topic)
    if (read === undefined) {
      if (known.size >= mostTopics) known.clear()
      known.set(topic, (read = parseTopic(topic)))
    }
    return read
  }
}
