import type { ColdZone, DeviceKind } from '../../domain/index.ts'
import type { CityEvent } from '../city/index.ts'
import type { Measurement } from './device-message.ts'

/** What a device keeps through a restart of its host: where it was in its count, and what it has not told yet. */
export interface DeviceMemory {
  seq: number
  readonly boot: string
  intervalMs: number
  /** When it speaks next though nothing changed. */
  nextAt: number
  /** Wrong by so much, all the time. */
  readonly clockErrorMs: number
  /** By name of the program: last level, counts since the last message. */
  readonly held: Partial<
    Record<'units' | 'celsius' | 'humidityPct' | 'doorOpen' | 'in' | 'out', number>
  >
  /** Messages since the last word on battery and radio. */
  sinceHealth: number
}

/** Uniform in [0, 1) for the n-th number of a message; a function of device and seq, so that a message said again is the same. */
export type Noise = (n: number) => number

/** The firmware of one kind: pure, so that it can be tested without a network. */
export interface DeviceProgram {
  readonly site: string
  readonly device: string
  readonly kind: DeviceKind
  readonly zone: ColdZone | null
  readonly intervalMs: number
  /** On full multiples of the interval rather than anywhere: counters whose hours must be whole. */
  readonly isAligned: boolean
  /** What it has to say at once about something that happened. */
  observe(memory: DeviceMemory, event: CityEvent, noise: Noise): readonly Measurement[]
  /** What it says when its interval has passed. */
  report(memory: DeviceMemory, at: number, noise: Noise): readonly Measurement[]
}
