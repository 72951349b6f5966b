import { isRetryable, type Clock, type Random } from '../domain/index.ts'

export interface BackoffOptions {
  readonly firstMs: number
  readonly longestMs: number
}

/** Wait before attempt n (from 0): doubled each time up to the longest, with full jitter in its upper half. */
export function backoffMs(attempt: number, options: BackoffOptions, random: Random): number {
  const ceiling = Math.min(options.longestMs, options.firstMs * 2 ** attempt)
  return ceiling * (0.5 + random.next() / 2)
}

/** Tries again while the error says that can help, until aborted. `clock` is the wall's. */
export async function retry<T>(
  attempt: () => Promise<T>,
  options: BackoffOptions & {
    readonly clock: Clock
    readonly random: Random
    readonly signal: AbortSignal
    readonly onRetry?: (error: unknown, waitMs: number) => void
  },
): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (!isRetryable(error)) throw error
      const waitMs = backoffMs(tries, options, options.random)
      options.onRetry?.(error, waitMs)
      await options.clock.sleepUntil(options.clock.now() + waitMs, { signal: options.signal })
    }
  }
}
