/** The machine's clock, set by hand while everything runs: `Date` jumps, and what nobody can set (performance.now, timers) goes on. */
export interface JumpingDate {
  jumpBy(ms: number): void
  jumpTo(at: number): void
  /** The right time again. */
  mend(): void
  restore(): void
}

export function replaceDate(): JumpingDate {
  const RealDate = Date
  let offset = 0
  class Jumping extends RealDate {
    constructor(...parts: readonly unknown[]) {
      if (parts.length === 0) super(Jumping.now())
      else super(...(parts as [number]))
    }
    static override now(): number {
      return RealDate.now() + offset
    }
  }
  globalThis.Date = Jumping as DateConstructor
  return {
    jumpBy: (ms) => void (offset += ms),
    jumpTo: (at) => void (offset = at - RealDate.now()),
    mend: () => void (offset = 0),
    restore: () => void (globalThis.Date = RealDate),
  }
}
