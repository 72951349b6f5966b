import { setTimeout as sleep } from 'node:timers/promises'

/** Looks every 5 ms; rejects once it has waited for so long. */
export async function until(
  isTrue: () => boolean | Promise<boolean>,
  withinMs = 5000,
): Promise<void> {
  for (let waited = 0; !(await isTrue()); waited += 5) {
    if (waited > withinMs) throw new Error(`did not happen within ${withinMs / 1000} s`)
    await sleep(5)
  }
}
