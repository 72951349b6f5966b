import type { Aedes } from 'aedes'
import type { Logger } from '../runtime/index.ts'

/** The gateway's own `state` topic, for whoever watches it: retained, and told anew when it changes. */
export interface OwnState {
  tell(problems: readonly string[]): void
  stop(): Promise<void>
}

/** It goes past the log: a gateway that can keep nothing must still be able to say so. */
export function createOwnState(deps: {
  readonly aedes: Aedes
  readonly topic: string
  readonly firmware: string
  readonly logger: Logger
}): OwnState {
  const { aedes, topic, firmware, logger } = deps
  let told = ''

  const publish = (state: 'online' | 'offline', problems: readonly string[]): Promise<void> => {
    const text = JSON.stringify({ state, firmware, problems })
    if (text === told) return Promise.resolve()
    told = text
    const packet = { topic, payload: Buffer.from(text), qos: 1, retain: true, dup: false } as const
    return new Promise((resolve) =>
      aedes.publish({ cmd: 'publish', ...packet }, (error) => {
        if (error) logger.warn({ err: error }, 'the state of the gateway could not be published')
        resolve()
      }),
    )
  }
  void publish('online', [])
  return {
    tell: (problems) => void publish('online', problems),
    stop: () => publish('offline', []),
  }
}
