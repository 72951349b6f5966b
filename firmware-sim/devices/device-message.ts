import type { DeviceKind } from '../../domain/index.ts'

/** One plain JSON message as a device sends it (docs/devices.md): `values` are numbers by channel. */
export interface DeviceMessage {
  readonly seq: number
  readonly boot: string
  readonly at: number
  readonly kind: DeviceKind
  readonly gtin?: string
  readonly values: Readonly<Record<string, number>>
}

/** A device's part of a message; the rest is its memory's (seq, boot, clock). */
export interface Measurement {
  readonly at: number
  readonly values: Readonly<Record<string, number>>
  readonly gtin?: string
}

/** Ready for the wire. */
export interface Publication {
  /** `site/device` */
  readonly path: string
  readonly payload: string
}
