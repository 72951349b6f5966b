import type { StageStatus } from '../domain/index.ts'
import type { AppendQueue } from './append-queue.ts'

/** An append that takes longer has hung, as far as a device can tell. */
const hungAfterMs = 5_000

/** Why nothing is acknowledged now; null where messages are kept. */
export function appendProblem(queue: AppendQueue, failure: Error | null): string | null {
  if (failure) return `Messages are not acknowledged: ${failure.message}`
  const { ms, messages, bytes } = queue.waiting()
  return ms < hungAfterMs
    ? null
    : `Messages are not acknowledged: the message log has not answered for ${Math.round(ms / 1000)} s, and ${messages} messages (${Math.round(bytes / 1024)} KiB) wait. Look at the disk, or the server, behind it; devices keep what they have and send again.`
}

export function describeGateway(parts: {
  readonly connections: number
  readonly appendProblem: string | null
  readonly problems: readonly string[]
}): StageStatus {
  const { appendProblem: problem } = parts
  const connections = `${parts.connections} connection${parts.connections === 1 ? '' : 's'}`
  return {
    name: 'gateway',
    ready: problem === null,
    words: problem ?? connections,
    problems: problem === null ? parts.problems : [problem, ...parts.problems],
  }
}
