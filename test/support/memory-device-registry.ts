import {
  createSecret,
  type Credential,
  type CredentialKind,
  type DeviceCommand,
  type DeviceRegistry,
} from '../../domain/index.ts'

type Change = Parameters<Parameters<DeviceRegistry['subscribe']>[0]>[0]

/** Credentials and commands in memory, changed by the test. */
export interface MemoryDeviceRegistry extends DeviceRegistry {
  addDevice(site: string, device: string): { username: string; clientId: string; password: string }
  add(
    username: string,
    kind: CredentialKind,
    rules?: { publish?: string[]; subscribe?: string[]; site?: string },
  ): { username: string; password: string }
  revoke(site: string, device: string): void
  queueCommand(command: Pick<DeviceCommand, 'id' | 'site' | 'device' | 'set'>): void
  commands(): readonly DeviceCommand[]
}

export function createMemoryDeviceRegistry(): MemoryDeviceRegistry {
  const credentials = new Map<string, Credential>()
  const listeners = new Set<(change: Change) => void>()
  let commands: DeviceCommand[] = []
  const tell = (change: Change): void => {
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
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    addDevice(site, device) {
      const username = `${site}/${device}`
      const rules = { publish: [], subscribe: [] }
      const password = store({ username, kind: 'device', site, device, ...rules })
      return { username, clientId: `${site}.${device}`, password }
    },
    add(username, kind, { publish = [], subscribe = [], site } = {}) {
      const path = { site: site ?? null, device: null }
      return { username, password: store({ username, kind, ...path, publish, subscribe }) }
    },
    revoke(site, device) {
      const username = `${site}/${device}`
      credentials.set(username, { ...credentials.get(username)!, revoked: true })
      tell({ site, device, what: 'credential' })
    },
    queueCommand(command) {
      const at = { queuedAt: 0, expiresAt: 1e15, sentAt: null, status: 'queued' } as const
      commands.push({ ...command, ...at })
      tell({ site: command.site, device: command.device, what: 'command' })
    },
    commands: () => commands,
  }
}
