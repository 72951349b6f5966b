import type { Applied, DevicePath, Position, RawMessage } from './message.ts'

/** What a device is for: it decides the channels it may send (mqtt.md of the design, docs/devices.md here). */
export const deviceKinds = ['shelf', 'probe', 'footfall', 'till', 'gateway'] as const
export type DeviceKind = (typeof deviceKinds)[number]

export type ColdZone = 'chilled' | 'frozen' | 'ambient' | 'staging'

export interface Device {
  readonly site: string
  readonly device: string
  /** Null until an unregistered device is adopted. */
  readonly kind: DeviceKind | null
  /** For a probe: the zone it stands in. */
  readonly zone: ColdZone | null
  readonly status: 'registered' | 'unregistered' | 'revoked'
  readonly connection: 'online' | 'offline' | 'sleeping' | 'unknown'
  readonly lastSeenAt: number | null
  readonly firmware: string | null
  readonly batteryPct: number | null
  readonly registeredAt: number
}

export type CredentialKind = 'device' | 'join' | 'bridge' | 'operator'

/** A stored credential: never the secret, but what `hashSecret` or, of one that a person chose, `hashPassword` makes of it. */
export interface Credential {
  readonly username: string
  readonly kind: CredentialKind
  /** Path the credential is bound to; null for an operator. */
  readonly site: string | null
  readonly device: string | null
  readonly salt: string
  readonly hash: string
  readonly revoked: boolean
  /** Extra topic filters beyond its kind's own; empty for a device. */
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
  /** Of a bridge: what it may publish beside its filters, and for which device. The first that matches counts. */
  readonly mappings: readonly TopicMapping[]
}

/** A credential as it may be shown. */
export type CredentialView = Omit<Credential, 'salt' | 'hash'>

/**
 * Topics of a bridge as devices of ours: `device` (and `site`) may hold `{1}`, `{2}`, … for what the first, second, … `+` of
 * the pattern matched: `{"pattern": "zigbee2mqtt/+", "site": "s1", "device": "{1}"}`.
 */
export interface TopicMapping {
  readonly pattern: string
  readonly site: string
  readonly device: string
}

/** The store of retained messages, which the broker's memory loses at a restart. */
export interface RetainedStore {
  /** What is retained, and up to which position of each partition of the log that holds. */
  retained(): Promise<{
    readonly messages: readonly RetainedMessage[]
    readonly through: ReadonlyMap<number, Position>
  }>
  /** The newest of each topic; an empty payload takes its topic out. */
  keepRetained(messages: readonly RetainedMessage[], through: Applied): Promise<void>
}

export type RetainedMessage = Pick<RawMessage, 'topic' | 'payload' | 'qos' | 'receivedAt'>

/** Who may log in and do what; the gateway's only view of the operations store. Adapters in store/ and, for an edge gateway, a file. */
export interface DeviceRegistry extends RetainedStore {
  /** Null where no credential has that username. */
  credential(username: string): Promise<Credential | null>
  /** Commands a device has not answered yet, oldest first. */
  pendingCommands(site: string, device: string, now: number): Promise<readonly DeviceCommand[]>
  markCommandSent(id: string, at: number): Promise<void>
  /** Devices that a command waits for: what another gateway or a restart left undone. */
  devicesWithCommands(now: number): Promise<readonly DevicePath[]>
  /** Devices of a site that came with a join credential and that nobody has adopted. */
  unregisteredDevices(site: string): Promise<readonly string[]>
  /** Calls back when a credential is changed or a command queued; returns the way to stop it. */
  subscribe(listener: (change: RegistryChange) => void): () => void
}

export type RegistryChange =
  | { readonly what: 'credential'; readonly username: string }
  | { readonly what: 'command'; readonly site: string; readonly device: string }

export interface DeviceCommand {
  readonly id: string
  readonly site: string
  readonly device: string
  /** What the device is to set. `sparkplug`, a `{topic, payload}` in base64, goes to an edge node as it stands. */
  readonly set: Readonly<Record<string, unknown>>
  readonly queuedAt: number
  readonly expiresAt: number
  readonly sentAt: number | null
  readonly status: 'queued' | 'sent' | 'done' | 'failed' | 'expired'
}
