import { describe, expect, it } from 'vitest'
import type { Credential, DeviceRegistry } from '../../domain/index.ts'
import { createMemoryDeviceRegistry } from '../../test/support/memory-device-registry.ts'
import { createAuthenticator } from './authenticator.ts'

const login = (clientId: string, username: string, password: string) => ({
  clientId,
  username,
  password: Buffer.from(password),
  certificate: null,
  address: '203.0.113.7',
})

describe('the authenticator', () => {
  it('binds a device to the path of its credential', async () => {
    const registry = createMemoryDeviceRegistry()
    const { username, clientId, password } = registry.addDevice('s1', 'd1')
    const { identity } = await createAuthenticator(registry).logIn(
      login(clientId, username, password),
    )
    expect(identity).toMatchObject({ kind: 'device', path: { site: 's1', device: 'd1' } })
  })

  it('refuses a login without a username or a password', async () => {
    const authenticator = createAuthenticator(createMemoryDeviceRegistry())
    const none = {
      clientId: 's1.d1',
      username: undefined,
      password: undefined,
      certificate: null,
      address: '',
    }
    expect((await authenticator.logIn(none)).refused).toBe('no-credentials')
  })

  it('lets a join credential speak for a device of its site that has no credential, and for no other', async () => {
    const registry = createMemoryDeviceRegistry()
    registry.addDevice('s1', 'known')
    const { username, password } = registry.add('s1/join', 'join', { site: 's1' })
    const authenticator = createAuthenticator(registry)
    const as = async (clientId: string) =>
      (await authenticator.logIn(login(clientId, username, password))).identity?.path ?? null
    expect(await as('s1.new')).toEqual({ site: 's1', device: 'new' })
    expect(await as('s1.known')).toBeNull()
    expect(await as('s2.new')).toBeNull()
    expect(await as('tool')).toBeNull()
  })

  it('asks the registry once for a credential, and again after a change', async () => {
    const inner = createMemoryDeviceRegistry()
    const { username, clientId, password } = inner.addDevice('s1', 'd1')
    let asked = 0
    const registry: DeviceRegistry = {
      ...inner,
      credential: (name) => {
        asked++
        return inner.credential(name)
      },
    }
    const authenticator = createAuthenticator(registry)
    const refused = async () =>
      (await authenticator.logIn(login(clientId, username, password))).refused
    expect([await refused(), await refused(), asked]).toEqual([null, null, 1])
    inner.revoke('s1', 'd1')
    expect(await refused()).toBe('revoked')
  })

  it('does not remember an answer that was asked for before a change', async () => {
    const inner = createMemoryDeviceRegistry()
    const { username, clientId, password } = inner.addDevice('s1', 'd1')
    let answer: (credential: Credential | null) => void = () => undefined
    let isSlow = true
    const registry: DeviceRegistry = {
      ...inner,
      credential: (name) =>
        isSlow ? new Promise((resolve) => (answer = resolve)) : inner.credential(name),
    }
    const authenticator = createAuthenticator(registry)
    const old = await inner.credential(username)
    const first = authenticator.logIn(login(clientId, username, password))
    inner.revoke('s1', 'd1')
    answer(old)
    await first
    isSlow = false
    const second = await authenticator.logIn(login(clientId, username, password))
    expect(second.refused).toBe('revoked')
  })
})
