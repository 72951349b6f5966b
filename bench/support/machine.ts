import { cpus, loadavg } from 'node:os'

/** Beside every figure: a number without its machine says nothing, and one from a busy machine little. */
export function describeMachine() {
  return {
    cpu: cpus()[0]?.model.trim(),
    cores: cpus().length,
    node: process.version,
    loadAtStart: Number(loadavg()[0]!.toFixed(2)),
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
