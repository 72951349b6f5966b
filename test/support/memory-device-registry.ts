import {
  createSecret,
  type Credential,
  type CredentialKind,
  type DeviceCommand,
  type DeviceRegistry,
  type RegistryChange,
  type RetainedMessage,
  type TopicMapping,
} from '../../domain/index.ts'

/** Credentials and commands in memory, changed by the test. */
export interface MemoryDeviceRegistry extends DeviceRegistry {
  addDevice(site: string, device: string): { username: string; clientId: string; password: string }
  add(
    username: string,
    kind: CredentialKind,
    rules?: {
      publish?: string[]
      subscribe?: string[]
      mappings?: TopicMapping[]
      site?: string
      device?: string
    },
  ): { username: string; password: string }
  revoke(site: string, device: string): void
  /** Changes a credential as the API does, and tells of it. */
  change(username: string, change: Partial<Credential>): void
  /** Gives a new secret. */
  rotate(username: string): string
  queueCommand(command: Pick<DeviceCommand, 'id' | 'site' | 'device' | 'set'>): void
  commands(): readonly DeviceCommand[]
}

export function createMemoryDeviceRegistry(): MemoryDeviceRegistry {
  const credentials = new Map<string, Credential>()
  const listeners = new Set<(change: RegistryChange) => void>()
  const retained = new Map<string, RetainedMessage>()
  const through = new Map<number, number>()
  const unregistered = new Map<string, string[]>()
  let commands: DeviceCommand[] = []
  const tell = (change: RegistryChange): void => {
    for (const listener of listeners) listener(change)
  }
  const store = (credential: Omit<Credential, 'salt' | 'hash' | 'revoked'>): string => {
    const { secret, salt, hash } = createSecret()
    credentials.set(credential.username, { ...credential, salt, hash, revoked: false })
    return secret
  }

  return {
    credential: (username) => Promise.resolve(credentials.get(username) ?? null),
    pendingCommands: (site, device) =>
      Promise.resolve(commands.filter((one) => one.site === site && one.device === device)),
    markCommandSent(id, at) {
      commands = commands.map((one) =>
        one.id === id ? { ...one, sentAt: at, status: 'sent' } : one,
      )
      return Promise.resolve()
    },
    devicesWithCommands: () => Promise.resolve(commands.filter(({ status }) => status !== 'done')),
    unregisteredDevices: (site) => Promise.resolve(unregistered.get(site) ?? []),
    retained: () => Promise.resolve({ messages: [...retained.values()], through }),
    keepRetained(messages, { partition, position }) {
      for (const message of messages)
        if (message.payload.length > 0) retained.set(message.topic, message)
        else retained.delete(message.topic)
      through.set(partition, position)
      return Promise.resolve()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    addDevice(site, device) {
      const username = `${site}/${device}`
      const rules = { publish: [], subscribe: [], mappings: [] }
      const password = store({ username, kind: 'device', site, device, ...rules })
      return { username, clientId: `${site}.${device}`, password }
    },
    add(username, kind, { publish = [], subscribe = [], mappings = [], site, device } = {}) {
      const path = { site: site ?? null, device: device ?? null }
      const rules = { publish, subscribe, mappings }
      return { username, password: store({ username, kind, ...path, ...rules }) }
    },
    change(username, change) {
      credentials.set(username, { ...credentials.get(username)!, ...change })
      tell({ what: 'credential', username })
    },
    rotate(username) {
      const password = store(credentials.get(username)!)
      tell({ what: 'credential', username })
      return password
    },
    revoke(site, device) {
      const username = `${site}/${device}`
      credentials.set(username, { ...credentials.get(username)!, revoked: true })
      tell({ what: 'credential', username })
    },
    queueCommand(command) {
      const at = { queuedAt: 0, expiresAt: 1e15, sentAt: null, status: 'queued' } as const
      commands.push({ ...command, ...at })
      tell({ what: 'command', site: command.site, device: command.device })
    },
    commands: () => commands,
  }
}
