/** How many epochs each member is to learn, before the held-out days are let in and after. */
export interface Schedule {
  readonly main: number
  readonly settle: number
  /** True where the limit of time made it shorter than planned. */
  readonly cutShort: boolean
}

export interface Spent {
  readonly phase: 'main' | 'settle'
  /** Measured, of one epoch: building its rows, and one member learning from them. */
  readonly buildMs: number
  readonly learnMs: number
  readonly hands: number
  /** Learnt by each member. */
  readonly epochs: readonly number[]
  /** Epochs that some member has begun: the phase cannot end before them. */
  readonly begun: number
  /** What still has to be done besides learning. */
  readonly otherMs: number
  readonly leftMs: number
}

/**
 * The longest schedule that ends in time, no longer than it was. All members get the same, and since the learning rate falls
 * over the schedule, it falls faster in a shorter one and still comes to its end. `settleShare` of all epochs settle.
 */
export function fitSchedule(schedule: Schedule, spent: Spent, settleShare: number): Schedule {
  let fitted = schedule
  for (;;) {
    if (remainingMs(fitted, spent) + spent.otherMs <= spent.leftMs) return fitted
    const shorter =
      spent.phase === 'settle'
        ? { main: schedule.main, settle: fitted.settle - 1 }
        : shortenBoth(fitted, settleShare)
    const end = spent.phase === 'settle' ? shorter.main + shorter.settle : shorter.main
    if (end < Math.max(1, spent.begun)) return fitted
    fitted = { ...shorter, cutShort: true }
  }
}

/** One epoch less, of the phase that has more than its share; one settles as long as there are two. */
function shortenBoth({ main, settle }: Schedule, settleShare: number): Omit<Schedule, 'cutShort'> {
  const wanted = Math.max(1, Math.round((main + settle - 1) * settleShare))
  return settle > wanted ? { main, settle: settle - 1 } : { main: main - 1, settle }
}

/** Of building and learning, where no hand waits. */
export function remainingMs({ main, settle }: Schedule, spent: Spent): number {
  const total = main + settle
  const toLearn = spent.epochs.reduce((sum, epochs) => sum + Math.max(0, total - epochs), 0)
  const toBuild = Math.max(0, total - Math.min(...spent.epochs))
  return (toLearn * spent.learnMs + toBuild * spent.buildMs) / spent.hands
}
