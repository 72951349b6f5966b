import { cityTime, errorMessage, type Clock, type ClockAnchor } from '../../domain/index.ts'
import type { Logger } from '../../runtime/index.ts'
import type { ApiClient } from './api-client.ts'

/** The city clock as the API tells it, asked again every second; it stands still while the API is silent or says it waits. */
export interface ClockFollower {
  now(): number
  isWaiting(): boolean
  sync(): Promise<void>
}

/** Beyond this without an answer nobody knows what time it is in the city. */
const silenceMs = 3_000

export function createClockFollower(deps: {
  readonly api: Pick<ApiClient, 'get'>
  readonly wall: Pick<Clock, 'now'>
  readonly logger: Logger
}): ClockFollower {
  let anchor: ClockAnchor | null = null
  let isWaiting = true
  let heardAt = -Infinity
  let isSilent = false
  let newest = 0
  return {
    now() {
      if (!anchor) return newest
      const until = Math.min(deps.wall.now(), heardAt + silenceMs)
      newest = Math.max(newest, Math.floor(cityTime(anchor, until)))
      return newest
    },
    isWaiting: () => isWaiting,
    async sync() {
      try {
        const answer = await deps.api.get<ClockAnchor & { waiting: boolean }>('/v1/clock')
        anchor = answer
        isWaiting = answer.waiting
        heardAt = deps.wall.now()
        if (isSilent) deps.logger.info('the API answers again')
        isSilent = false
      } catch (error) {
        if (!isSilent) deps.logger.warn(`the city waits for its clock: ${errorMessage(error)}`)
        isSilent = true
      }
    },
  }
}
