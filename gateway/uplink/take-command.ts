import { parse } from 'secure-json-parse'
import { isName, type Clock, type DeviceCommand } from '../../domain/index.ts'
import type { Logger } from '../../runtime/index.ts'

const maxIdBytes = 128
/** As long as a command may wait at all. */
const longestMs = 7 * 24 * 3_600_000

/** Keeps the commands that the hub has for the devices of this site until each has answered or its time is over. */
export function createCommandTaker(deps: {
  readonly site: string
  /** Once: the hub brings a command again on every connection until it has the answer. */
  readonly queueCommand: (command: DeviceCommand) => Promise<void>
  readonly clock: Clock
  readonly logger: Logger
}): (topic: string, payload: Buffer) => Promise<void> {
  return async (topic, payload) => {
    const command = read(topic, payload, deps.site, deps.clock.now())
    if (command) await deps.queueCommand(command)
    else deps.logger.warn(`the hub sent something to ${topic} that is no command`)
  }
}

function read(topic: string, payload: Buffer, site: string, now: number): DeviceCommand | null {
  const [version, topicSite, device = '', what, ...more] = topic.split('/')
  const isTopic = version === 'v1' && topicSite === site && what === 'command' && more.length === 0
  if (!isTopic || !isName(device)) return null
  let value: unknown
  try {
    value = parse(payload.toString('utf8'))
  } catch {
    return null
  }
  if (!isObject(value)) return null
  const { id, set, expiresInMs } = value
  if (typeof id !== 'string' || id === '' || id.length > maxIdBytes || !isObject(set)) return null
  const leftMs = typeof expiresInMs === 'number' ? expiresInMs : longestMs
  const expiresAt = now + Math.min(Math.max(0, leftMs), longestMs)
  return { id, site, device, set, queuedAt: now, expiresAt, sentAt: null, status: 'queued' }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
