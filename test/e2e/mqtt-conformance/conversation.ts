import { connect as openSocket, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createMemoryMessageLog, type MessageLog } from '../../../message-log/index.ts'
import { startTestGateway, type TestGateway } from '../../support/start-test-gateway.ts'
import {
  connack,
  connect,
  disconnect,
  pingreq,
  pingresp,
  type ConnectOptions,
  type Facts,
  type Packet,
} from './packets.ts'

/** What one statement of the specification demands, as a conversation with a gateway of its own. */
export interface Case {
  /** Numbers of the statements that fail where this fails: `3.1.2-2`. */
  readonly statements: readonly string[]
  readonly what: string
  readonly steps: readonly Step[]
}

interface Conversation {
  readonly test: TestGateway
  readonly log: MessageLog & { isFailing: boolean }
  readonly facts: Facts
  readonly lines: Map<string, Line>
}
export type Step = (conversation: Conversation) => Promise<void>

/** A case by its statements' numbers, separated by spaces. */
export const demands = (statements: string, what: string, ...steps: readonly Step[]): Case => ({
  statements: statements.split(' '),
  what,
  steps,
})

const patienceMs = 5000
/** Long enough for a message to be routed, where none must come. */
const settleMs = 40

/** The gateway's own state, which a filter like `#` meets too, is no part of any conversation. */
const ownState = 'v1/hub/gateway/state'

/** One raw socket and the frames that came over it. */
interface Line {
  readonly socket: Socket
  /** The next frame, or null at the end of the connection. */
  next(): Promise<Buffer | null>
  sentAt: number
}

async function openLine(port: number): Promise<Line> {
  const socket = openSocket(port, '127.0.0.1')
  let bytes = Buffer.alloc(0)
  let isOver = false
  let wake: () => void = () => undefined
  socket.on('data', (chunk) => {
    bytes = Buffer.concat([bytes, chunk])
    wake()
  })
  socket.on('error', () => undefined)
  socket.on('close', () => {
    isOver = true
    wake()
  })
  await new Promise((resolve) => socket.once('connect', resolve))
  const takeFrame = (): Buffer | null => {
    for (;;) {
      const frame = takeAnyFrame()
      if (!frame?.includes(ownState)) return frame
    }
  }
  const takeAnyFrame = (): Buffer | null => {
    let length = 0
    for (let at = 1; at < bytes.length && at <= 4; at++) {
      length += (bytes[at]! & 127) * 128 ** (at - 1)
      if (bytes[at]! >= 128) continue
      if (bytes.length < at + 1 + length) return null
      const frame = bytes.subarray(0, at + 1 + length)
      bytes = bytes.subarray(at + 1 + length)
      return frame
    }
    return null
  }
  return {
    socket,
    sentAt: performance.now(),
    async next() {
      const late = performance.now() + patienceMs
      for (;;) {
        const frame = takeFrame()
        if (frame) return frame
        if (isOver) return null
        if (performance.now() > late) throw new Error('nothing came')
        await Promise.race([new Promise<void>((resolve) => (wake = resolve)), sleep(50)])
      }
    },
  }
}

function lineOf({ lines }: Conversation, name: string): Line {
  const line = lines.get(name)
  if (!line) throw new Error(`${name} has no connection`)
  return line
}

const show = (frame: Buffer | null): string => (frame ? frame.toString('hex') : 'the end')

async function expectFrame(conversation: Conversation, name: string, packet: Packet) {
  const received = await lineOf(conversation, name).next()
  const expected = packet({ ...conversation.facts, received })
  if (!received?.equals(expected))
    throw new Error(`${name} expected ${show(expected)} and got ${show(received)}`)
}

/** Waits until the gateway has noticed that a connection is gone. */
async function untilGone({ test }: Conversation, connections: number): Promise<void> {
  for (const late = performance.now() + patienceMs; test.gateway.connections() > connections;) {
    if (performance.now() > late) throw new Error('the gateway keeps a connection that is gone')
    await sleep(2)
  }
  await sleep(2)
}

/** A client by the name of its connection, which is its client id too unless the case says otherwise. */
export function client(name: string) {
  const sends =
    (...packets: readonly Packet[]): Step =>
    async (conversation) => {
      if (!conversation.lines.has(name))
        conversation.lines.set(name, await openLine(conversation.test.gateway.port))
      const line = lineOf(conversation, name)
      for (const packet of packets) line.socket.write(packet(conversation.facts))
      line.sentAt = performance.now()
    }
  const gets =
    (...packets: readonly Packet[]): Step =>
    async (conversation) => {
      for (const packet of packets) await expectFrame(conversation, name, packet)
    }
  const isClosed =
    (within?: { readonly fromMs: number; readonly toMs: number }): Step =>
    async (conversation) => {
      const line = lineOf(conversation, name)
      const received = await line.next()
      if (received) throw new Error(`${name} expected the end and got ${show(received)}`)
      const ms = performance.now() - line.sentAt
      if (within && (ms < within.fromMs || ms > within.toMs))
        throw new Error(`${name} was closed after ${Math.round(ms)} ms`)
      conversation.lines.delete(name)
    }
  return {
    sends,
    gets,
    isClosed,
    /** A new connection with CONNECT and its CONNACK. */
    logsIn:
      ({ present = false, ...options }: ConnectOptions & { present?: boolean } = {}): Step =>
      async (conversation) => {
        conversation.lines.delete(name)
        await sends(connect({ id: name, ...options }))(conversation)
        await gets(connack(0, { present }))(conversation)
      },
    /** The connection breaks, without DISCONNECT. */
    vanishes: (): Step => async (conversation) => {
      const left = conversation.test.gateway.connections() - 1
      lineOf(conversation, name).socket.destroy()
      conversation.lines.delete(name)
      await untilGone(conversation, left)
    },
    leaves: (): Step => async (conversation) => {
      const left = conversation.test.gateway.connections() - 1
      await sends(disconnect)(conversation)
      await isClosed()(conversation)
      await untilGone(conversation, left)
    },
    /** Nothing is on its way but the answer to a PINGREQ. */
    getsNothing: (): Step => async (conversation) => {
      await sleep(settleMs)
      await sends(pingreq)(conversation)
      await gets(pingresp)(conversation)
    },
  }
}

/** Payloads that are durable, in order. */
export const theLogHolds =
  (...payloads: readonly string[]): Step =>
  async ({ log }) => {
    await sleep(settleMs)
    const kept: string[] = []
    const stop = new AbortController()
    const { messages } = await log.stats()
    if (messages > 0)
      for await (const batch of log.consume('test', { signal: stop.signal })) {
        for (const message of batch.messages) kept.push(Buffer.from(message.payload).toString())
        if (kept.length >= messages) break
      }
    if (JSON.stringify(kept) !== JSON.stringify(payloads))
      throw new Error(`the log holds ${JSON.stringify(kept)}`)
  }

export const theLogFails: Step = ({ log }) => {
  log.isFailing = true
  return Promise.resolve()
}

/** Has the conversation with a gateway of its own; rejects at the first step that goes another way. */
export async function hold({ steps }: Case): Promise<void> {
  const memory = createMemoryMessageLog()
  const log = {
    ...memory,
    isFailing: false,
    append: (messages: Parameters<MessageLog['append']>[0]) =>
      log.isFailing ? Promise.reject(new Error('no space left')) : memory.append(messages),
  }
  const test = await startTestGateway(log)
  const everything = { publish: ['#'], subscribe: ['#', '$SYS/#'] }
  const operator = test.registry.add('op', 'operator', everything)
  const device = test.registry.addDevice('s1', 'd1')
  const passwords = new Map([operator, device].map((one) => [one.username, one.password]))
  const facts = { passwords, ids: new Map<string, number>(), received: null }
  const conversation: Conversation = { test, log, facts, lines: new Map() }
  try {
    for (const [index, step] of steps.entries())
      await step(conversation).catch((error: unknown) => {
        throw new Error(`step ${index + 1}: ${(error as Error).message}`, { cause: error })
      })
  } finally {
    for (const { socket } of conversation.lines.values()) socket.destroy()
    await test.stop()
  }
}
