import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  checkPublish,
  checkSubscribe,
  mayReceive,
  type Identity,
} from '../../gateway/identity/access.ts'
import { createMemoryMessageLog, type MessageLog } from '../../message-log/index.ts'
import { createRandom } from '../../runtime/index.ts'
import { anyCase, anyIdentity, type AccessCase } from '../support/access-cases.ts'
import {
  connectRaw,
  frame,
  idField,
  packetType,
  publishFrame,
  readPublish,
  textField,
} from '../support/raw-mqtt.ts'
import * as reference from '../support/reference-access.ts'
import { startTestGateway, type TestGateway } from '../support/start-test-gateway.ts'
import { seed } from '../support/torture.ts'

function isAllowed(identity: Identity, { action, topic }: AccessCase): boolean {
  if (action === 'subscribe') return checkSubscribe(identity, topic) === null
  if (action === 'receive') return mayReceive(identity, topic)
  return checkPublish(identity, { topic, retain: action === 'retain' }) === null
}

function shouldBeAllowed(identity: Identity, { action, topic }: AccessCase): boolean {
  if (action === 'subscribe') return reference.maySubscribe(identity, topic)
  if (action === 'receive') return reference.mayReceive(identity, topic)
  return reference.mayPublish(identity, topic, action === 'retain')
}

describe('access', () => {
  it('is what an independent matcher says, in 2,000 cases', () => {
    const random = createRandom(seed)
    const wrong: unknown[] = []
    const counts: Record<string, number> = {}
    for (let number = 0; number < 2000; number++) {
      const identity = anyIdentity(random, number)
      const one = anyCase(random, identity)
      const expected = shouldBeAllowed(identity, one)
      const kind = `${one.action} ${expected ? 'allowed' : 'refused'}`
      counts[kind] = (counts[kind] ?? 0) + 1
      if (isAllowed(identity, one) !== expected) wrong.push({ identity, ...one, expected })
    }
    expect(wrong).toEqual([])
    for (const action of ['publish', 'retain', 'will', 'subscribe', 'receive'])
      for (const answer of ['allowed', 'refused'])
        expect(counts[`${action} ${answer}`], `${action} ${answer}`).toBeGreaterThan(40)
  })

  describe('at a gateway', () => {
    let log: MessageLog
    let test: TestGateway
    const start = async (): Promise<{ log: MessageLog; test: TestGateway }> => {
      const memory = createMemoryMessageLog()
      return { log: memory, test: await startTestGateway(memory) }
    }
    beforeEach(async () => void ({ log, test } = await start()))
    afterEach(() => test.stop())

    /** A credential for an identity of the matrix. */
    const login = (of: TestGateway, identity: Identity, number: number) => {
      const { kind, site, path, publish, subscribe, mappings } = identity
      const isBound = path !== null && kind !== 'join'
      const username = isBound ? `${path.site}/${path.device}` : `${kind}-${number}`
      const { password } = of.registry.add(username, kind, {
        ...{ publish: [...publish], subscribe: [...subscribe], mappings: [...mappings] },
        ...(site === null ? {} : { site }),
        ...(isBound ? { device: path.device } : {}),
      })
      return { username, password, clientId: path ? `${path.site}.${path.device}` : `c-${number}` }
    }

    /** Whether a gateway of its own lets it happen, as a client and the log see it. */
    const isLetHappen = async (identity: Identity, { action, topic }: AccessCase) => {
      const its = await start()
      const kept = async (): Promise<number> => (await its.log.stats()).messages
      const answers: Buffer[] = []
      const will = action === 'will' ? { will: { topic, payload: 'gone', retain: false } } : {}
      const socket = await connectRaw(
        its.test.gateway.port,
        { ...login(its.test, identity, 1), ...will },
        (type, body) => {
          if (type === packetType.puback || type === packetType.suback) answers.push(body)
        },
      ).catch(() => null)
      const before = await kept()
      if (action === 'subscribe')
        socket?.write(frame(0x82, idField(1), textField(topic), Buffer.from([1])))
      else if (action === 'will') socket?.destroy()
      else
        socket?.write(
          publishFrame(textField(topic), Buffer.from('x'), {
            ...{ id: 1, qos: 1, retain: action === 'retain' },
          }),
        )
      const isOver = async (): Promise<boolean> =>
        answers.length > 0 ||
        (action === 'will' ? (await kept()) > before : socket?.closed === true)
      for (let waited = 0; socket && waited < 2000 && !(await isOver()); waited += 5) await sleep(5)
      const isKept = (await kept()) > before
      socket?.destroy()
      await its.test.stop()
      if (action === 'subscribe') return answers[0]?.at(-1) === 1
      if (action !== 'will') expect(isKept, 'kept as acknowledged').toBe(answers.length > 0)
      return isKept
    }

    it('is the same, in 300 cases', async () => {
      const random = createRandom(seed + 1)
      const cases: [Identity, AccessCase][] = []
      while (cases.length < 300) {
        const identity = anyIdentity(random, cases.length)
        const one = anyCase(random, identity)
        // What an edge gateway forwards has a form of its own, with its own tests.
        if (one.action !== 'receive' && !one.topic.endsWith('/uplink')) cases.push([identity, one])
      }
      const wrong: unknown[] = []
      const work = async (): Promise<void> => {
        for (let next = cases.pop(); next; next = cases.pop()) {
          const expected = shouldBeAllowed(...next)
          if ((await isLetHappen(...next)) !== expected) wrong.push([...next, expected])
        }
      }
      await Promise.all(Array.from({ length: 16 }, work))
      expect(wrong).toEqual([])
    })

    it('lets nobody receive more than the filters that it was granted', async () => {
      const random = createRandom(seed + 2)
      const { password } = test.registry.add('all', 'operator', { publish: ['#'] })
      const sender = await connectRaw(
        test.gateway.port,
        { clientId: 'all', username: 'all', password },
        () => undefined,
      )
      const listeners: { identity: Identity; filters: string[]; got: Set<string> }[] = []
      for (let number = 0; number < 60; number++) {
        const identity = { ...anyIdentity(random, number), kind: 'operator', path: null, site: null } as const // prettier-ignore
        const filters = ['#', '$SYS/#', ...identity.subscribe].concat(
          Array.from({ length: 6 }, () => anyCase(random, identity).topic),
        )
        const got = new Set<string>()
        const socket = await connectRaw(
          test.gateway.port,
          login(test, identity, number),
          (type, body, first) => {
            if (type === packetType.publish) got.add(readPublish(first, body).topic)
          },
        )
        for (const [index, filter] of filters.entries())
          socket.write(frame(0x82, idField(index + 1), textField(filter), Buffer.from([0])))
        listeners.push({ identity, filters, got })
      }
      await sleep(100)
      const topics = new Set(
        Array.from({ length: 300 }, () => {
          const { identity } = listeners[Math.floor(random.next() * listeners.length)]!
          return anyCase(random, identity).topic
        }).filter((topic) => !/[+#]|^\$/.test(topic)),
      )
      let id = 0
      for (const topic of topics)
        sender.write(publishFrame(textField(topic), Buffer.from('x'), { id: ++id, qos: 1, retain: id % 2 === 0 })) // prettier-ignore
      for (let waited = 0; (await log.stats()).messages < topics.size && waited < 200; waited++)
        await sleep(10)
      await sleep(200)
      let deliveries = 0
      for (const { identity, filters, got } of listeners) {
        const granted = filters.filter((filter) => reference.maySubscribe(identity, filter))
        const expected = [...topics].filter(
          (topic) =>
            !/^v1\/[^/]*\/[^/]*\/uplink$/.test(topic) &&
            granted.some((filter) => reference.meets(filter, topic)),
        )
        const received = [...got].filter((topic) => topic !== 'v1/hub/gateway/state')
        const broad = received.filter((topic) => topic.startsWith('$'))
        expect(broad.filter((topic) => !granted.some((filter) => reference.meets(filter, topic)))).toEqual([]) // prettier-ignore
        expect(received.filter((topic) => !topic.startsWith('$')).sort()).toEqual(expected.sort())
        deliveries += expected.length
      }
      expect(deliveries).toBeGreaterThan(100)
    })
  })
})
