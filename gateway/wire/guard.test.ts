import type { Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { createGuard, type Guard, type GuardFault } from './guard.ts'

const settings = {
  maxPacketBytesBeforeLogin: 256,
  maxPacketBytes: 1024,
  connectDeadlineMs: 60,
  frameDeadlineMs: 40,
}
const connect = Buffer.from('100d00044d5154540402003c000161', 'hex')
const ping = Buffer.from('c000', 'hex')
const longPublish = Buffer.concat([Buffer.from('30d804000161', 'hex'), Buffer.alloc(597)])

/** A socket without a network: what is written to `peer` arrives, what is sent is kept. */
function open() {
  const peer = new PassThrough()
  const sent: Buffer[] = []
  const faults: GuardFault[] = []
  const gate = { isOpen: true, listeners: new Set<() => void>() }
  const turnGate = (isOpen: boolean): void => {
    gate.isOpen = isOpen
    for (const listener of gate.listeners) listener()
  }
  const socket = Object.assign(peer, {
    setTimeout: () => peer,
    write: (bytes: Buffer) => sent.push(bytes) > 0,
    end: (bytes?: Buffer) => {
      if (bytes) sent.push(bytes)
      return peer
    },
  })
  const guard = createGuard(socket as unknown as Socket, {
    settings,
    gate: {
      isOpen: () => gate.isOpen,
      subscribe(listener) {
        gate.listeners.add(listener)
        return () => void gate.listeners.delete(listener)
      },
    },
    onFault: (fault) => faults.push(fault),
  })
  const received: Buffer[] = []
  guard.on('data', (bytes: Buffer) => received.push(bytes))
  const arrive = (bytes: Buffer): void => void peer.emit('data', bytes)
  return { guard, sent, faults, received, arrive, gate, turnGate, socket }
}

describe('the guard', () => {
  let opened: ReturnType<typeof open>
  afterEach(() => void opened.guard.destroy())

  it('lets whole frames through, however they arrive', async () => {
    opened = open()
    for (const byte of Buffer.concat([connect, ping])) opened.arrive(Buffer.from([byte]))
    await sleep(1)
    expect(Buffer.concat(opened.received)).toEqual(Buffer.concat([connect, ping]))
    expect(opened.faults).toEqual([])
  })

  it('refuses a long packet at its length field, before login and after', async () => {
    opened = open()
    opened.arrive(connect)
    opened.arrive(longPublish.subarray(0, 3))
    expect([opened.faults, opened.guard.destroyed]).toEqual([['oversize'], true])

    opened = open()
    opened.arrive(connect)
    opened.guard.allowLongPackets()
    opened.arrive(longPublish)
    await sleep(1)
    expect(opened.faults).toEqual([])
    expect(Buffer.concat(opened.received)).toHaveLength(connect.length + longPublish.length)
    opened.arrive(Buffer.from('30818008', 'hex'))
    expect(opened.faults).toEqual(['oversize'])
  })

  it('gives nothing of a bad frame, nor of what follows it, to the broker', async () => {
    opened = open()
    opened.arrive(Buffer.concat([connect, Buffer.from('41020001', 'hex'), ping]))
    opened.arrive(ping)
    await sleep(1)
    expect(opened.faults).toEqual(['flags'])
    expect(opened.received).toEqual([])
  })

  it('answers where the standard wants an answer', () => {
    opened = open()
    opened.arrive(Buffer.from('100e00044d5154540502003c00000161', 'hex'))
    expect(opened.sent).toEqual([Buffer.from('20020001', 'hex')])
  })

  it('closes a connection that does not log in in time, or does not end a packet', async () => {
    opened = open()
    opened.arrive(connect)
    await sleep(90)
    expect(opened.faults).toEqual(['connect-deadline'])

    opened = open()
    opened.arrive(connect)
    opened.guard.allowLongPackets()
    opened.arrive(ping.subarray(0, 1))
    await sleep(80)
    expect(opened.faults).toEqual(['frame-deadline'])
  })

  it('gives a slow packet no more time for each of its bytes, but for each whole packet', async () => {
    opened = open()
    opened.arrive(connect)
    opened.guard.allowLongPackets()
    for (let count = 0; count < 8 && opened.faults.length === 0; count++) {
      opened.arrive(longPublish.subarray(count, count + 1))
      await sleep(10)
    }
    expect(opened.faults).toEqual(['frame-deadline'])

    opened = open()
    opened.arrive(connect)
    opened.guard.allowLongPackets()
    for (let count = 0; count < 8; count++) {
      opened.arrive(Buffer.from([0, 0xc0]).subarray(count === 0 ? 1 : 0))
      await sleep(10)
    }
    expect(opened.faults).toEqual([])
  })

  it('reads nothing while the gate is closed, and holds no packet late for it', async () => {
    opened = open()
    opened.arrive(connect)
    opened.guard.allowLongPackets()
    await sleep(1)
    opened.arrive(ping.subarray(0, 1))
    opened.turnGate(false)
    expect(opened.socket.isPaused()).toBe(true)
    await sleep(60)
    expect(opened.faults).toEqual([])
    opened.turnGate(true)
    expect(opened.socket.isPaused()).toBe(false)
    await sleep(60)
    expect(opened.faults).toEqual(['frame-deadline'])
  })

  it('leaves the gate when it closes', () => {
    opened = open()
    expect(opened.gate.listeners.size).toBe(1)
    opened.guard.destroy()
    expect(opened.gate.listeners.size).toBe(0)
  })

  it('keeps a connection that is silent between packets', async () => {
    opened = open()
    opened.arrive(connect)
    opened.guard.allowLongPackets()
    await sleep(90)
    expect(opened.faults).toEqual([])
  })

  it('sends what is written together in one piece', async () => {
    opened = open()
    const guard: Guard = opened.guard
    guard.cork()
    for (const byte of [0x40, 2, 0, 1]) guard.write(Buffer.from([byte]))
    guard.uncork()
    await sleep(1)
    expect(opened.sent).toEqual([Buffer.from([0x40, 2, 0, 1])])
  })
})
