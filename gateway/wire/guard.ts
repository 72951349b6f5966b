import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { createFrameAssembly } from './frame-assembly.ts'
import { checkFrame, readLength, type FrameFault } from './mqtt-frame.ts'
import { createSubackCodes } from './suback-codes.ts'

export interface GuardSettings {
  readonly maxPacketBytesBeforeLogin: number
  readonly maxPacketBytes: number
  readonly connectDeadlineMs: number
  readonly frameDeadlineMs: number
}

export type GuardFault = FrameFault | 'connect-deadline' | 'frame-deadline'

/** Holds readers back while too much waits for the disk. */
export interface Gate {
  isOpen(): boolean
  /** Calls back at every change; gives what ends that. */
  subscribe(listener: () => void): () => void
}

/** The broker's side of a socket: only whole and valid frames come through. */
export interface Guard extends Duplex {
  /** The login was accepted: packets may be longer from here on, by `slackBytes` more than the settings say. */
  allowLongPackets(slackBytes?: number): void
  /** The CONNACK is to say that there is a session: aedes says so only of one with subscriptions [MQTT-3.2.2-2]. */
  announceSession(): void
}

/** How long an answer to a refused connection may take to leave. */
const lingerMs = 1000

/**
 * Stands between a socket and the broker, which has no limit before login and accepts more than the standard does.
 * A packet longer than allowed is refused at its length field, before it is there.
 */
export function createGuard(
  socket: Socket,
  deps: {
    readonly settings: GuardSettings
    readonly gate: Gate
    readonly onFault: (fault: GuardFault) => void
  },
): Guard {
  const { settings, gate } = deps
  const assembly = createFrameAssembly()
  const subacks = createSubackCodes()
  let wantsMore = false
  let hasConnected = false
  let hasDisconnected = false
  let limit = settings.maxPacketBytesBeforeLogin
  let frameTimer: NodeJS.Timeout | undefined

  const refuse = (fault: GuardFault, answer: Buffer | null = null): void => {
    if (guard.destroyed) return
    deps.onFault(fault)
    if (answer) socket.end(answer)
    guard.destroy()
  }
  const loginTimer = setTimeout(() => refuse('connect-deadline'), settings.connectDeadlineMs)

  /** Bytes at the start of `bytes` that are whole valid frames; null once refused. */
  const checkFrames = (bytes: Buffer): number | null => {
    let at = 0
    // What is behind a DISCONNECT is not read any more.
    while (at < bytes.length && !hasDisconnected) {
      const length = readLength(bytes, at)
      if (length === null) break
      if (length === 'length') return refuseNull('length')
      if (length.body > limit) return refuseNull('oversize')
      if (at + length.head + length.body > bytes.length) break
      const refusal = checkFrame(bytes, at, length, hasConnected)
      if (refusal) return refuseNull(refusal.fault, refusal.answer)
      hasConnected = true
      if (bytes[at] === 0x82)
        subacks.asked(bytes.subarray(at, at + length.head + length.body), length.head)
      hasDisconnected = bytes[at]! >> 4 === 14
      at += length.head + length.body
    }
    return at
  }
  const refuseNull = (fault: GuardFault, answer: Buffer | null = null): null => {
    refuse(fault, answer)
    return null
  }

  const stopFrameTimer = (): void => {
    clearTimeout(frameTimer)
    frameTimer = undefined
  }
  const startFrameTimer = (): void => {
    if (assembly.length() > 0)
      frameTimer ??= setTimeout(() => refuse('frame-deadline'), settings.frameDeadlineMs)
  }
  const hold = (): void => {
    socket.pause()
    // What is not read is not late.
    stopFrameTimer()
  }
  const proceed = (): void => {
    if (guard.destroyed) return
    if (wantsMore && gate.isOpen()) {
      startFrameTimer()
      socket.resume()
    } else hold()
  }

  const receive = (chunk: Buffer): void => {
    if (guard.destroyed || hasDisconnected) return
    const bytes = assembly.join(chunk)
    const whole = checkFrames(bytes)
    if (whole === null) return
    assembly.keep(bytes, whole)
    // Only a whole frame gives time for the next: a byte now and then does not.
    if (whole > 0) {
      stopFrameTimer()
      wantsMore = guard.push(bytes.subarray(0, whole))
    }
    startFrameTimer()
    if (!wantsMore || !gate.isOpen()) hold()
  }

  let hasSession = false
  const answer = (bytes: Buffer): Buffer => {
    if (!hasSession || bytes[0] !== 0x20 || bytes[3] !== 0) return subacks.complete(bytes)
    hasSession = false
    const connack = Buffer.from(bytes)
    connack[2] = 1
    return connack
  }

  const guard = Object.assign(
    new Duplex({
      read() {
        wantsMore = true
        proceed()
      },
      write(chunk: Buffer, _, done) {
        send(socket, answer(chunk), done)
      },
      // The broker writes a packet in many small pieces: joined they leave in one segment.
      writev(chunks, done) {
        send(socket, answer(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer))), done)
      },
      final(done) {
        socket.end()
        done()
      },
      destroy(error, done) {
        clearTimeout(loginTimer)
        stopFrameTimer()
        leaveGate()
        // An answer already given still leaves; a peer that does not take it is cut off.
        if (socket.writableEnded) setTimeout(() => socket.destroy(), lingerMs).unref()
        else socket.destroy()
        done(error)
      },
    }),
    {
      allowLongPackets(slackBytes = 0) {
        clearTimeout(loginTimer)
        limit = settings.maxPacketBytes + slackBytes
      },
      announceSession() {
        hasSession = true
      },
    },
  )

  const leaveGate = gate.subscribe(proceed)
  socket.on('data', receive)
  socket.on('end', () => guard.push(null))
  socket.on('error', () => guard.destroy())
  socket.on('close', () => guard.destroy())
  return guard
}

function send(socket: Socket, bytes: Buffer, done: () => void): void {
  if (socket.destroyed || socket.write(bytes)) {
    done()
    return
  }
  const proceed = (): void => {
    socket.off('drain', proceed)
    socket.off('close', proceed)
    done()
  }
  socket.on('drain', proceed)
  socket.on('close', proceed)
}
