import type { Reading } from '../../domain/index.ts'

export const start = Date.UTC(2026, 10, 2)

export function reading(change: Partial<Reading> = {}): Reading {
  return {
    site: 's1',
    device: 'probe-1',
    channel: 'celsius',
    gtin: null,
    at: start,
    receivedAt: start + 5,
    value: 4,
    seq: 1,
    boot: 'b1',
    index: 0,
    quality: 'good',
    ...change,
  }
}
