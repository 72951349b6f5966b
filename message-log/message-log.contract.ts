import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RawMessage } from '../domain/index.ts'
import type { LogBatch, MessageLog } from './message-log.ts'

export function message(number: number, receivedAt = 1_000_000 + number): RawMessage {
  return {
    topic: `v1/s1/d${number % 7}/telemetry`,
    payload: Buffer.from(`{"seq":${number}}`),
    receivedAt,
    qos: number % 3 === 0 ? 0 : 1,
    retain: number % 5 === 0,
    clientId: number % 11 === 0 ? null : `s1.d${number % 7}`,
  }
}

export const messages = (from: number, to: number): RawMessage[] =>
  Array.from({ length: to - from + 1 }, (_, i) => message(from + i))

export const textOf = ({ payload }: { readonly payload: Uint8Array }): string =>
  Buffer.from(payload).toString()

const plain = ({ payload, ...rest }: RawMessage & { position?: number }) => {
  const plainMessage = { ...rest, payload: [...payload] }
  delete plainMessage.position
  return plainMessage
}

/** Reads until `count` messages have come or been named as lost. */
export async function readMessages(
  log: MessageLog,
  count: number,
  options: { group?: string; after?: number; maxMessages?: number } = {},
): Promise<LogBatch[]> {
  const { group = 'reader', after, maxMessages } = options
  const abort = new AbortController()
  const read: LogBatch[] = []
  let seen = 0
  for await (const batch of log.consume(group, {
    after: () => after ?? null,
    signal: abort.signal,
    ...(maxMessages === undefined ? {} : { maxMessages }),
  })) {
    read.push(batch)
    seen += batch.messages.length
    for (const { from, to } of batch.holes) seen += to - from + 1
    if (seen >= count) abort.abort()
  }
  return read
}

/** What every message log keeps, whatever stands behind it. */
export function describeMessageLog(name: string, open: () => Promise<MessageLog>): void {
  describe(`${name} as a message log`, () => {
    let log: MessageLog
    beforeEach(async () => void (log = await open()))
    afterEach(() => log.close())

    it('gives positions that rise by one, across appends', async () => {
      expect(await log.append(messages(1, 3))).toEqual([1, 2, 3])
      expect(await log.append(messages(4, 5))).toEqual([4, 5])
      expect(await log.append([])).toEqual([])
      const parallel = await Promise.all([log.append(messages(6, 7)), log.append(messages(8, 8))])
      expect(parallel).toEqual([[6, 7], [8]])
    })

    it('gives messages back as they came, in order', async () => {
      const sent = messages(1, 30)
      await log.append(sent)
      const read = (await readMessages(log, 30)).flatMap((batch) => batch.messages)
      expect(read.map(({ position }) => position)).toEqual(sent.map((_, i) => i + 1))
      expect(read.map(plain)).toEqual(sent.map(plain))
    })

    it('keeps an empty payload, bytes that are no text, and topics beyond ASCII', async () => {
      const odd = { ...message(1), topic: 'v1/é/日本/telemetry', clientId: '' }
      await log.append([
        { ...odd, payload: new Uint8Array() },
        { ...odd, payload: Uint8Array.of(0, 255, 254, 128) },
      ])
      const [one, two] = (await readMessages(log, 2)).flatMap((batch) => batch.messages)
      expect([one?.topic, one?.clientId, one?.payload.length]).toEqual([odd.topic, '', 0])
      expect([...two!.payload]).toEqual([0, 255, 254, 128])
    })

    it('keeps where a message comes from: its bridge’s device, its first log, and that it is late', async () => {
      const firstPlace = { log: '00112233445566778899aabbccddeeff', position: 2 ** 40 + 1 }
      const path = { site: 's1', device: 'kitchen_2' }
      const sent: RawMessage[] = [
        { ...message(1), firstPlace },
        { ...message(2), path },
        { ...message(11), firstPlace, path, isBacklog: true },
        { ...message(3), isBacklog: true },
      ]
      await log.append(sent)
      const read = (await readMessages(log, 4)).flatMap((batch) => batch.messages)
      expect(read.map(plain)).toEqual(sent.map(plain))
    })

    it('has a name of 32 hex digits that stays', async () => {
      const { id } = await log.stats()
      expect(id).toMatch(/^[0-9a-f]{32}$/)
      await log.append(messages(1, 3))
      expect((await log.stats()).id).toBe(id)
    })

    it('goes on after a position, even within what was appended together', async () => {
      await log.append(messages(1, 10))
      const read = await readMessages(log, 6, { after: 4 })
      expect(read.flatMap((batch) => batch.messages).map(textOf)).toEqual(
        messages(5, 10).map(textOf),
      )
      expect(read.at(-1)?.position).toBe(10)
    })

    it('yields no more messages at once than asked for, each batch with its last position', async () => {
      await log.append(messages(1, 25))
      const read = await readMessages(log, 25, { maxMessages: 10 })
      expect(read.map((batch) => batch.messages.length)).toEqual([10, 10, 5])
      expect(read.map(({ position }) => position)).toEqual([10, 20, 25])
    })

    it('waits for new messages and serves two readers the same', async () => {
      const readers = [
        readMessages(log, 40, { group: 'a' }),
        readMessages(log, 40, { group: 'b', maxMessages: 3 }),
      ]
      for (let from = 1; from <= 40; from += 10) await log.append(messages(from, from + 9))
      const expected = messages(1, 40).map(textOf)
      for (const read of await Promise.all(readers))
        expect(read.flatMap((batch) => batch.messages).map(textOf)).toEqual(expected)
    })

    it('ends a reader that is aborted while it waits', async () => {
      const abort = new AbortController()
      const reading = (async () => {
        for await (const batch of log.consume('r', { signal: abort.signal }))
          expect.unreachable(`nothing was sent, yet ${batch.messages.length} messages came`)
      })()
      setTimeout(() => abort.abort(), 5)
      await reading
    })

    it('reads one message again, and none that it never had', async () => {
      await log.append(messages(1, 5))
      expect(textOf((await log.read(0, 3))!)).toBe(textOf(message(3)))
      expect(await log.read(0, 6)).toBeNull()
      expect(await log.read(0, 0)).toBeNull()
    })

    it('says how much it keeps', async () => {
      const empty = await log.stats()
      expect([empty.messages, empty.oldestReceivedAt, empty.holes]).toEqual([0, null, []])
      expect(empty.newestReceivedAt).toBe(null)
      await log.append(messages(3, 12))
      const stats = await log.stats()
      expect([stats.messages, stats.oldestReceivedAt]).toEqual([10, 1_000_003])
      expect(stats.newestReceivedAt).toBe(1_000_012)
      expect(stats.ends).toEqual(new Map([[0, 10]]))
      expect(stats.bytes).toBeGreaterThan(0)
    })
  })
}

/** What a log keeps that drops old messages itself. */
export function describePruning(name: string, open: () => Promise<MessageLog>): void {
  describe(`${name}, pruned`, () => {
    let log: MessageLog
    beforeEach(async () => void (log = await open()))
    afterEach(() => log.close())

    it('prunes what is old and passed by every reader, and nothing else', async () => {
      for (let from = 1; from <= 50; from += 10) await log.append(messages(from, from + 9))
      await readMessages(log, 50, { group: 'fast' })
      await readMessages(log, 50, { group: 'slow' })
      await log.commit({ group: 'fast', partition: 0, position: 50 })
      await log.commit({ group: 'slow', partition: 0, position: 25 })
      const limits = { before: 1_000_036, maxBytes: 1e12 }
      expect(await log.prune(limits)).toEqual({ messages: 20, unread: 0 })
      expect(await log.read(0, 20)).toBeNull()
      expect(textOf((await log.read(0, 21))!)).toBe(textOf(message(21)))
      await log.commit({ group: 'slow', partition: 0, position: 50 })
      expect(await log.prune(limits)).toEqual({ messages: 10, unread: 0 })
      const [first] = await readMessages(log, 20, { group: 'new' })
      expect([first?.messages[0]?.position, first?.holes]).toEqual([31, []])
    })

    it('prunes up to a position, whatever the receive times, and what nobody has read only where asked to', async () => {
      for (let from = 1; from <= 50; from += 10) await log.append(messages(from, from + 9))
      await readMessages(log, 50, { group: 'slow' })
      await log.commit({ group: 'slow', partition: 0, position: 15 })
      const limits = { before: 0, maxBytes: 1e12, through: 34 }
      expect(await log.prune(limits)).toEqual({ messages: 10, unread: 0 })
      expect(await log.prune({ ...limits, unread: true })).toEqual({ messages: 20, unread: 15 })
      expect((await log.stats()).starts).toEqual(new Map([[0, 31]]))
      expect(await log.prune({ before: 0, maxBytes: 0, unread: true })).toEqual({
        messages: 10,
        unread: 10,
      })
    })

    it('prunes to a size but keeps the newest messages', async () => {
      for (let from = 1; from <= 50; from += 10) await log.append(messages(from, from + 9))
      expect(await log.prune({ before: 0, maxBytes: 0 })).toEqual({ messages: 40, unread: 0 })
      expect(await log.append(messages(51, 51))).toEqual([51])
      expect((await log.stats()).messages).toBe(11)
    })
  })
}
