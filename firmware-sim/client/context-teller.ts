import { errorMessage, isRetryable } from '../../domain/index.ts'
import type { Logger } from '../../runtime/index.ts'
import type { CityIssue } from '../city/index.ts'
import type { ApiClient } from './api-client.ts'

/** Whoever in the city says what is known outside: the weather service, the chains' campaigns, event pages, social media. */
export interface ContextTeller {
  tell(issues: readonly CityIssue[]): void
  /** Sends what was not sent. Never fails: what cannot be sent now is tried again. */
  act(): Promise<void>
  /** What was not sent yet; sent twice it is the same issue. */
  save(): unknown
}

const issuesAtOnce = 500
/** As much as a few days of silence hold; beyond it the oldest are of no use any more. */
const mostWaiting = 20_000

export function createContextTeller(deps: {
  readonly api: Pick<ApiClient, 'post'>
  readonly runId: string
  readonly logger: Logger
  readonly from?: unknown
}): ContextTeller {
  const { api, logger } = deps
  let waiting = [...((deps.from ?? []) as readonly CityIssue[])]
  let isActing = false
  let requests = 0

  return {
    tell(issues) {
      waiting.push(...issues)
      if (waiting.length > mostWaiting) waiting = waiting.slice(-mostWaiting)
    },
    async act() {
      if (isActing) return
      isActing = true
      try {
        while (waiting.length > 0) {
          const items = waiting.slice(0, issuesAtOnce)
          await tellContext(api, items, `${deps.runId}-context-${requests++}`)
          waiting = waiting.slice(items.length)
        }
      } catch (error) {
        logger.warn(`what is known outside was not taken: ${errorMessage(error)}`)
        // What was refused once is refused for ever, and would keep the rest back.
        if (!isRetryable(error)) waiting = waiting.slice(issuesAtOnce)
      } finally {
        isActing = false
      }
    },
    save: () => waiting,
  }
}

/** All of them, in as many requests as it takes. */
export async function tellContext(
  api: Pick<ApiClient, 'post'>,
  issues: readonly CityIssue[],
  key: string,
): Promise<void> {
  for (let from = 0; from < issues.length; from += issuesAtOnce) {
    const items = issues.slice(from, from + issuesAtOnce)
    await api.post('/v1/context', { items }, `${key}-${from}`)
  }
}
