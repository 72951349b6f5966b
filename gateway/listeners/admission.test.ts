import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { addressOf, createAdmission, type Admission } from './admission.ts'

const remote = '203.0.113.7'

function open(settings: Partial<Parameters<typeof createAdmission>[0]['settings']> = {}) {
  const refused: string[] = []
  const admitted: number[] = []
  let now = 1_000_000
  const admission = createAdmission({
    settings: {
      maxConnections: 100,
      maxConnectionsPerAddress: 100,
      acceptPerSecond: 1000,
      ...settings,
    },
    wall: { now: () => now },
    onRefused: (reason) => refused.push(reason),
  })
  let sockets = 0
  const connect = (remoteAddress: string | undefined = remote) => {
    const number = ++sockets
    const socket = Object.assign(new EventEmitter(), {
      remoteAddress,
      destroyed: false,
      destroy() {
        if (socket.destroyed) return
        socket.destroyed = true
        socket.emit('close')
      },
    })
    admission.admit(socket as unknown as Socket, () => admitted.push(number))
    return socket
  }
  const pass = async (ms: number): Promise<void> => {
    now += ms
    await sleep(25)
  }
  return { admission, refused, admitted, connect, pass }
}

describe('the admission of sockets', () => {
  let admission: Admission
  afterEach(() => admission.stop())

  it('refuses what is beyond the limit, and takes another once one has closed', () => {
    const test = open({ maxConnections: 2 })
    admission = test.admission
    const [first] = [test.connect(), test.connect()]
    expect(test.connect().destroyed).toBe(true)
    expect(test.refused).toEqual(['too-many-connections'])
    first.destroy()
    expect(test.connect().destroyed).toBe(false)
    expect(test.admitted).toEqual([1, 2, 4])
  })

  it('refuses one address its many sockets and lets the others in; loopback is not counted', () => {
    const test = open({ maxConnectionsPerAddress: 1 })
    admission = test.admission
    for (const address of [remote, remote, `::ffff:${remote}`, '203.0.113.8']) test.connect(address)
    for (const address of ['127.0.0.1', '127.0.0.1', '::1', '::1', '::ffff:127.0.0.1'])
      test.connect(address)
    expect(test.refused).toEqual(Array(2).fill('too-many-connections-of-address'))
    expect(test.admitted).toEqual([1, 4, 5, 6, 7, 8, 9])
  })

  it('takes a burst of one second, lets the rest wait, in order, and refuses none', async () => {
    const test = open({ acceptPerSecond: 3 })
    admission = test.admission
    for (let count = 0; count < 6; count++) test.connect()
    expect([test.admitted, admission.waiting()]).toEqual([[1, 2, 3], 3])
    await test.pass(400)
    expect(test.admitted).toEqual([1, 2, 3, 4])
    await test.pass(700)
    expect(test.admitted).toEqual([1, 2, 3, 4, 5, 6])
    expect(test.refused).toEqual([])
  })

  it('forgets a socket that closes while it waits', async () => {
    const test = open({ acceptPerSecond: 1, maxConnections: 3 })
    admission = test.admission
    test.connect()
    const second = test.connect()
    test.connect()
    second.emit('error', new Error('ECONNRESET'))
    expect(admission.waiting()).toBe(1)
    await test.pass(1000)
    expect(test.admitted).toEqual([1, 3])
    test.connect()
    expect(test.refused).toEqual([])
  })

  it.each([-86_400_000, 86_400_000])('keeps its pace over a clock jump of %s ms', async (jump) => {
    const test = open({ acceptPerSecond: 2 })
    admission = test.admission
    for (let count = 0; count < 6; count++) test.connect()
    await test.pass(jump)
    expect(test.admitted.length).toBeLessThanOrEqual(4)
    await test.pass(1000)
    await test.pass(1000)
    expect(test.admitted).toHaveLength(6)
  })

  it('closes what waits when it stops, and what comes then', () => {
    const test = open({ acceptPerSecond: 1 })
    admission = test.admission
    const [taken, waits] = [test.connect(), test.connect()]
    admission.stop()
    expect([taken.destroyed, waits.destroyed, test.connect().destroyed]).toEqual([
      false,
      true,
      true,
    ])
    expect(test.admitted).toEqual([1])
  })

  it('refuses no socket that is gone already, and gives it to nobody', () => {
    const test = open()
    admission = test.admission
    const socket = Object.assign(new EventEmitter(), { destroy: () => undefined })
    admission.admit(socket as unknown as Socket, () => test.admitted.push(1))
    expect([test.admitted, test.refused]).toEqual([[], []])
  })
})

it.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['::1', '::1'],
])('%s counts as %s', (remoteAddress, address) => {
  expect(addressOf(remoteAddress)).toBe(address)
})
