import { expect, it } from 'vitest'
import type { Credential, DeviceCommand } from '../../domain/index.ts'
import { createDeviceRegistry } from '../device-registry.ts'
import type { DeviceSighting } from './operations-batch.ts'
import type { OperationsStore } from './operations-store.ts'
import { batch, site, start } from './samples.contract.ts'

const credential = (device: string, more: Partial<Credential> = {}): Credential => ({
  ...{ username: `s1/${device}`, kind: 'device', site: 's1', device, salt: '00', hash: 'ff' },
  ...{ revoked: false, publish: [], subscribe: [], mappings: [], ...more },
})

const command = (id: string, more: Partial<DeviceCommand> = {}): DeviceCommand => ({
  ...{ id, site: 's1', device: 'd1', set: { intervalMs: 10_000 }, queuedAt: start },
  ...{ expiresAt: start + 100, sentAt: null, status: 'queued', ...more },
})

const shelf = { site: 's1', device: 'd1', kind: 'shelf' } as const

export function devicesContract(open: () => OperationsStore) {
  const see = (position: number, more: Partial<DeviceSighting> = {}): Promise<void> =>
    open().applyBatch(
      batch(position, { sightings: [{ site: 's1', device: 'd1', at: start + position, ...more }] }),
    )

  it('registering makes the device, its credential, and the site where it is new', async () => {
    const store = open()
    await store.putMasterData('sites', [site('s0')], start)
    const probe = { site: 's1', device: 'd1', kind: 'probe', zone: 'chilled' } as const
    const device = await store.registerDevice(probe, credential('d1'), start)
    expect(device).toEqual({
      ...{ site: 's1', device: 'd1', kind: 'probe', zone: 'chilled', status: 'registered' },
      ...{ connection: 'unknown', lastSeenAt: null, firmware: null, batteryPct: null },
      registeredAt: start,
    })
    expect(await store.get('devices', 's1.d1')).toEqual(device)
    expect(await store.credential('s1/d1')).toEqual(credential('d1'))
    expect(await store.get('sites', 's1')).toEqual({
      ...{ id: 's1', name: 's1', kind: 'store', timeZone: 'Asia/Shanghai' },
    })
  })

  it('the first site of an empty installation keeps UTC', async () => {
    const store = open()
    await store.registerDevice(shelf, credential('d1'), start)
    expect(await store.get('sites', 's1')).toMatchObject({ timeZone: 'UTC' })
  })

  it('a batch queues commands once, and keeps the newest birth of each edge node', async () => {
    const store = open()
    const told: unknown[] = []
    store.subscribeRegistry((change) => told.push(change))
    const birth = (id: string, byte: number) => ({
      ...{ id, topic: `spBv1.0/${id}`, site: 's1', device: 'd1', receivedAt: start + byte },
      payload: new Uint8Array([byte]),
    })
    const ask = command('rebirth.0.7')
    await store.applyBatch(
      batch(1, { commands: [ask], births: [birth('s1/g/n', 1), birth('s1/g/n', 2)] }),
    )
    await store.applyBatch(
      batch(2, { commands: [{ ...ask, set: {} }], births: [birth('s1/g/n/d', 3)] }),
    )
    expect(await store.pendingCommands('s1', 'd1', start)).toEqual([ask])
    expect(told).toContainEqual({ what: 'command', site: 's1', device: 'd1' })
    expect(await store.births()).toEqual([birth('s1/g/n', 2), birth('s1/g/n/d', 3)])
  })

  it('registering again keeps the device and changes its credential', async () => {
    const store = open()
    await store.registerDevice(shelf, credential('d1'), start)
    await see(1, { firmware: '1.2.0' })
    const again = await store.registerDevice(shelf, credential('d1', { hash: 'aa' }), start + 9)
    expect(again).toMatchObject({ firmware: '1.2.0', registeredAt: start })
    expect(await store.credential('s1/d1')).toMatchObject({ hash: 'aa', revoked: false })
  })

  it('a revoked device keeps its row and loses its credential', async () => {
    const store = open()
    await store.registerDevice(shelf, credential('d1'), start)
    await store.revokeDevice('s1', 'd1', start + 1)
    expect(await store.get('devices', 's1.d1')).toMatchObject({ status: 'revoked' })
    expect(await store.credential('s1/d1')).toMatchObject({ revoked: true })
    await expect(store.revokeDevice('s1', 'none', start)).rejects.toMatchObject({
      code: 'RT_NOT_FOUND',
    })
  })

  it('an unregistered device is listed until it is adopted, once', async () => {
    const store = open()
    await see(1, { unregistered: true })
    const listed = await store.list('devices', { status: 'unregistered', limit: 9 })
    expect(listed.items).toMatchObject([{ device: 'd1', kind: null, lastSeenAt: start + 1 }])
    const adopted = await store.adoptDevice('s1', 'd1', 'till', credential('d1'), start + 5)
    expect(adopted).toMatchObject({ kind: 'till', status: 'registered', registeredAt: start + 5 })
    await expect(
      store.adoptDevice('s1', 'd1', 'till', credential('d1'), start + 6),
    ).rejects.toMatchObject({ code: 'RT_WRONG_STATE', details: { status: 'registered' } })
  })

  it('the outbox tells of state, firmware and whole per cents of battery, not of every message', async () => {
    const store = open()
    await store.registerDevice(shelf, credential('d1'), start)
    const { newest } = await store.changes(0, 1)
    const isTold = async (): Promise<boolean> => {
      const told = await store.changes(newest, 99)
      return told.changes.some(({ id, at }) => id === 's1.d1' && at === told.changes.at(-1)!.at)
    }
    let position = 0
    const tell = async (more: Partial<DeviceSighting>): Promise<number> => {
      const before = (await store.changes(0, 1)).newest
      await see(++position, more)
      return (await store.changes(0, 1)).newest - before
    }
    expect(await tell({ connection: 'online' })).toBe(1)
    expect(await tell({})).toBe(0)
    expect(await tell({ batteryPct: 80 })).toBe(1)
    expect(await tell({ batteryPct: 79.4 })).toBe(0)
    expect(await tell({ batteryPct: 78.9 })).toBe(1)
    expect(await tell({ firmware: '2.0.0' })).toBe(1)
    expect(await tell({ connection: 'online', firmware: '2.0.0' })).toBe(0)
    expect(await isTold()).toBe(true)
    expect(await store.get('devices', 's1.d1')).toMatchObject({
      ...{ lastSeenAt: start + position, batteryPct: 78.9, connection: 'online' },
    })
  })

  it('a command waits until it is answered or over', async () => {
    const store = open()
    await store.queueCommand(command('c2', { queuedAt: start + 1 }))
    await store.queueCommand(command('c1'))
    await store.queueCommand(command('c3', { expiresAt: start + 5 }))
    await store.queueCommand(command('other', { device: 'd2' }))
    const waiting = async (now: number) =>
      (await store.pendingCommands('s1', 'd1', now)).map(({ id, status }) => `${id} ${status}`)
    expect(await waiting(start)).toEqual(['c1 queued', 'c3 queued', 'c2 queued'])
    await store.markCommandSent('c1', start + 2)
    expect((await store.pendingCommands('s1', 'd1', start))[0]).toEqual(
      command('c1', { status: 'sent', sentAt: start + 2 }),
    )
    const result = { site: 's1', device: 'd1', ok: true, at: start + 3 }
    await store.applyBatch(
      batch(1, {
        commandResults: [
          { ...result, id: 'c1' },
          { ...result, id: 'other' },
        ],
      }),
    )
    expect(await waiting(start + 10)).toEqual(['c2 queued'])
    expect(await store.pendingCommands('s1', 'd2', start)).toHaveLength(1)
  })

  it('a command that ended stays so, whatever is queued or answered again', async () => {
    const store = open()
    await store.queueCommand(command('c1'))
    const result = { id: 'c1', site: 's1', device: 'd1', ok: true, at: start }
    await store.applyBatch(batch(1, { commandResults: [result] }))
    await store.queueCommand(command('c1'))
    await store.applyBatch(batch(2, { commandResults: [{ ...result, ok: false }] }))
    expect(await store.pendingCommands('s1', 'd1', start)).toEqual([])
  })

  it('says which devices a command waits for', async () => {
    const store = open()
    await store.queueCommand(command('c1'))
    await store.queueCommand(command('c2'))
    await store.queueCommand(command('c3', { device: 'd2', status: 'done' }))
    await store.queueCommand(command('c4', { device: 'd3', expiresAt: start + 5 }))
    expect(await store.devicesWithCommands(start + 6)).toEqual([{ site: 's1', device: 'd1' }])
  })

  it('keeps the newest retained message of each topic and how far that holds', async () => {
    const store = open()
    const message = (topic: string, text: string) => ({
      ...{ topic, payload: Buffer.from(text), qos: 1 as const, receivedAt: start },
    })
    const keep = (position: number, ...messages: ReturnType<typeof message>[]) =>
      store.keepRetained(messages, { group: 'retained', partition: 0, position })
    expect(await store.retained()).toEqual({ messages: [], through: new Map() })
    await keep(7, message('a', 'old'), message('b', 'x'), message('a', 'new'))
    await keep(9, message('b', ''), message('c', 'y'))
    await keep(8, message('c', 'from before'))
    const { messages, through } = await store.retained()
    expect(
      messages.map(({ topic, payload }) => `${topic} ${Buffer.from(payload).toString()}`),
    ).toEqual(['a new', 'c y'])
    expect(messages[0]).toMatchObject({ qos: 1, receivedAt: start })
    expect(through).toEqual(new Map([[0, 9]]))
  })

  it('keeps what the topics of a bridge mean', async () => {
    const store = open()
    const mappings = [{ pattern: 'zigbee2mqtt/+', site: 's1', device: '{1}' }]
    const bridge = credential('z', { kind: 'bridge', device: null, mappings })
    await store.putCredential(bridge, start)
    expect(await store.credential('s1/z')).toEqual(bridge)
  })

  it('lists the credentials of no single device without their secrets, and revokes them', async () => {
    const store = open()
    await store.registerDevice(shelf, credential('d1'), start)
    const operator = (username: string, site: string | null = null) =>
      credential('x', { username, kind: 'operator', site, device: null, subscribe: ['v1/#'] })
    for (const name of ['b', 'a', 'c']) await store.putCredential(operator(name), start)
    const first = await store.listCredentials({ limit: 2 })
    expect(first).toMatchObject({ items: [{ username: 'a' }, { username: 'b' }], next: 'b' })
    expect(first.items[0]).not.toHaveProperty('hash')
    expect(first.items[0]).not.toHaveProperty('salt')
    const rest = await store.listCredentials({ limit: 2, cursor: 'b' })
    expect(rest).toMatchObject({ items: [{ username: 'c', subscribe: ['v1/#'] }], next: null })
    await store.revokeCredential('b')
    expect(await store.credential('b')).toMatchObject({ revoked: true })
    await expect(store.revokeCredential('nobody')).rejects.toMatchObject({ code: 'RT_NOT_FOUND' })
  })

  it('says which devices of a site nobody has adopted', async () => {
    const store = open()
    await store.registerDevice({ ...shelf, device: 'known' }, credential('known'), start)
    await see(1, { unregistered: true })
    expect(await store.unregisteredDevices('s1')).toEqual(['d1'])
    expect(await store.unregisteredDevices('s2')).toEqual([])
    await store.adoptDevice('s1', 'd1', 'till', credential('d1'), start)
    expect(await store.unregisteredDevices('s1')).toEqual([])
  })

  it('the registry is told of the credentials and commands of its devices', async () => {
    const store = open()
    const registry = createDeviceRegistry(store)
    const told: string[] = []
    const stop = registry.subscribe((change) => {
      told.push(
        change.what === 'credential'
          ? change.username
          : `command for ${change.site}/${change.device}`,
      )
    })
    await store.registerDevice(shelf, credential('d1'), start)
    await store.queueCommand(command('c1'))
    expect(await registry.pendingCommands('s1', 'd1', start)).toHaveLength(1)
    await registry.markCommandSent('c1', start)
    await store.revokeDevice('s1', 'd1', start)
    expect(await registry.credential('s1/d1')).toMatchObject({ revoked: true })
    expect(await registry.credential('nobody')).toBeNull()
    stop()
    await store.queueCommand(command('c2'))
    expect(told).toEqual(['s1/d1', 'command for s1/d1', 's1/d1'])
  })
}
