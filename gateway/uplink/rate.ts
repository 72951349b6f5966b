/** How many a second, over the last ten seconds. */
export interface Rate {
  add(count: number): void
  perSecond(): number
}

const spanMs = 10_000
const stepMs = 500

export function createRate(monotonic: { now(): number }): Rate {
  let steps: { at: number; count: number }[] = []
  const forget = (): void => {
    const oldest = monotonic.now() - spanMs
    steps = steps.filter(({ at }) => at >= oldest)
  }
  return {
    add(count) {
      const now = monotonic.now()
      const last = steps.at(-1)
      if (last && now - last.at < stepMs) last.count += count
      else {
        forget()
        steps.push({ at: now, count })
      }
    },
    perSecond() {
      forget()
      const first = steps[0]
      if (!first) return 0
      const total = steps.reduce((sum, { count }) => sum + count, 0)
      return (total * 1000) / Math.max(1000, monotonic.now() - first.at)
    },
  }
}
