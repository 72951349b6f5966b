import type { Readable } from 'node:stream'
import { Aedes } from 'aedes'
import { afterEach, describe, expect, it } from 'vitest'
import { boundSessions } from './bound-sessions.ts'
import { keepSessionsExactly } from './exact-sessions.ts'
import { createSessionExpiry, type SessionExpiry } from './session-expiry.ts'

interface Store {
  addSubscriptions(client: { id: string }, subs: object[]): Promise<void>
  subscriptionsByTopic(topic: string): Promise<{ clientId: string }[]>
  outgoingEnqueueCombi(subs: object[], packet: object): Promise<void>
  outgoingUpdate(client: { id: string }, packet: object): Promise<void>
  outgoingStream(client: { id: string }): Readable
  incomingStorePacket(client: { id: string }, packet: object): Promise<void>
  incomingGetPacket(client: { id: string }, packet: object): Promise<object>
  putWill(client: { id: string }, packet: object): Promise<void>
  getWill(client: { id: string }): Promise<object | undefined>
}

describe('a session of a client that is away', () => {
  let aedes: Aedes
  let expiry: SessionExpiry
  afterEach(() => {
    expiry.stop()
    aedes.close()
  })

  const open = async (maxSessions = 10) => {
    aedes = await Aedes.createBroker()
    let now = 0
    const ended: string[] = []
    const bound = boundSessions(aedes, {
      maySubscribe: () => true,
      onDropped: () => undefined,
    })
    expiry = createSessionExpiry(aedes, {
      expiryMs: 1000,
      maxSessions,
      monotonic: () => now,
      onEnded: (id, why) => ended.push(`${id} ${why}`),
      onFailure: (error) => {
        throw error as Error
      },
    })
    keepSessionsExactly(aedes)
    const { persistence: store } = aedes as unknown as { persistence: Store }
    const fill = async (id: string): Promise<void> => {
      const packet = { cmd: 'publish', topic: 'a', payload: Buffer.from('x'), qos: 1 }
      await store.addSubscriptions({ id }, [{ topic: 'a', qos: 1 }])
      for (const brokerCounter of [1, 2, 3])
        await store.outgoingEnqueueCombi([{ clientId: id, topic: 'a', qos: 1 }], {
          ...packet,
          brokerId: 'b',
          brokerCounter,
        })
      await store.outgoingUpdate(
        { id },
        { ...packet, brokerId: 'b', brokerCounter: 1, messageId: 7 },
      )
      await store.incomingStorePacket({ id }, { ...packet, messageId: 9 })
      await store.putWill({ id }, { ...packet })
    }
    const left = async (id: string) => ({
      subscribed: (await store.subscriptionsByTopic('a')).some((one) => one.clientId === id),
      queued: (await store.outgoingStream({ id }).toArray()).length,
      incoming: await store.incomingGetPacket({ id }, { messageId: 9 }).then(
        () => true,
        () => false,
      ),
      will: (await store.getWill({ id })) !== undefined,
    })
    return { fill, left, ended, queued: () => bound.queued(), pass: (ms: number) => (now += ms) }
  }
  const nothing = { subscribed: false, queued: 0, incoming: false, will: false }
  const all = { subscribed: true, queued: 3, incoming: true, will: true }

  it('ends with all that was kept for it, once it was away too long', async () => {
    const { fill, left, ended, queued, pass } = await open()
    for (const id of ['s1.d1', 's1.d2']) await fill(id)
    expiry.left('s1.d1')
    pass(500)
    expiry.left('s1.d2')
    pass(501)
    expect(queued()).toBe(6)
    await expiry.sweep()
    expect(await left('s1.d1')).toEqual(nothing)
    expect(await left('s1.d2')).toEqual(all)
    expect([ended, expiry.away(), queued()]).toEqual([['s1.d1 expired'], 1, 3])
  })

  it('goes on where the client is back, or is being let in', async () => {
    const { fill, left, ended, pass } = await open()
    for (const id of ['s1.d1', 's1.d2']) {
      await fill(id)
      expiry.left(id)
    }
    pass(900)
    expiry.back('s1.d1')
    expiry.accepted('s1.d2')
    expiry.accepted('s1.new')
    pass(900)
    await expiry.sweep()
    expect([await left('s1.d1'), await left('s1.d2')]).toEqual([all, all])
    expect([ended, expiry.away()]).toEqual([[], 1])
  })

  it('ends before others where there are too many, the one away longest first', async () => {
    const { fill, left, ended } = await open(2)
    for (const id of ['a', 'b', 'c']) {
      await fill(id)
      expiry.left(id)
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect([await left('a'), await left('b')]).toEqual([nothing, all])
    expect(ended).toEqual(['a too-many'])
  })
})
