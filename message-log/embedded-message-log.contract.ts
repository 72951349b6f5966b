import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  readBatch,
  writeBatch,
  batchBytes,
  recordBytes,
  type PackedRecord,
} from './batch-records.ts'
import { message, messages, textOf } from './message-log.contract.ts'
import type { EmbeddedMessageLog, RecordSpan } from './packed-message-log.ts'

async function readRecords(
  log: EmbeddedMessageLog,
  after: number,
  until: number,
): Promise<RecordSpan[]> {
  const abort = new AbortController()
  const spans: RecordSpan[] = []
  for await (const span of log.consumeRecords({ after, maxMessages: 7, signal: abort.signal })) {
    spans.push(span)
    if (span.next > until) abort.abort()
  }
  return spans
}

/** The records packed again, as whoever passes them on does, and unpacked. */
function passOn(records: readonly PackedRecord[]): string[] {
  const size = records.reduce((sum, { bytes }) => sum + bytes.length, 0)
  const bytes = new Uint8Array(3 + batchBytes + recordBytes * records.length + size)
  writeBatch(bytes, 3, records)
  const read = readBatch(bytes.subarray(3))!
  expect(read.damaged).toEqual([])
  expect(read.messages.map(({ position }) => position)).toEqual(
    records.map(({ position }) => position),
  )
  return read.messages.map(textOf)
}

/** What a log that keeps its messages packed gives to whoever passes them on. */
export function describeEmbeddedMessageLog(
  name: string,
  open: () => Promise<EmbeddedMessageLog>,
): void {
  describe(`${name}, packed`, () => {
    let log: EmbeddedMessageLog
    beforeEach(async () => void (log = await open()))
    afterEach(() => log.close())

    it('gives messages as they are packed, from any position, whatever they were appended with', async () => {
      for (let from = 1; from <= 50; from += 10) await log.append(messages(from, from + 9))
      const spans = await readRecords(log, 4, 50)
      const records = spans.flatMap((span) => span.records)
      expect(records.map(({ position }) => position)).toEqual(
        Array.from({ length: 46 }, (_, i) => i + 5),
      )
      expect(spans.at(-1)?.next).toBe(51)
      expect(passOn(records)).toEqual(messages(5, 50).map(textOf))
    })

    it('gathers small batches for a reader that asks for it, and gives a full one at once', async () => {
      const abort = new AbortController()
      const sizes: number[] = []
      let onFirst = (): void => undefined
      const first = new Promise<void>((resolve) => (onFirst = resolve))
      const reading = (async () => {
        const asked = { maxMessages: 20, gatherMs: 60_000, signal: abort.signal }
        for await (const { messages: read } of log.consume('r', asked)) {
          sizes.push(read.length)
          onFirst()
          if (sizes.reduce((sum, size) => sum + size, 0) >= 28) abort.abort()
        }
      })()
      await log.append(messages(1, 1))
      await first
      for (let i = 2; i <= 8; i++) await log.append(messages(i, i))
      await log.append(messages(9, 28))
      await reading
      expect(sizes).toEqual([1, 20, 7])
    })

    it('waits for new ones, and holds nothing back from pruning', async () => {
      const reading = readRecords(log, 0, 20)
      for (let from = 1; from <= 30; from += 10) await log.append(messages(from, from + 9))
      expect((await reading).flatMap((span) => passOn(span.records))).toEqual(
        messages(1, 30)
          .map(textOf)
          .slice(0, (await reading).at(-1)!.next - 1),
      )
      expect(await log.prune({ before: 0, maxBytes: 0 })).toEqual({ messages: 20, unread: 0 })
      const [first] = await readRecords(log, 0, 30)
      expect(first?.records[0]?.position).toBe(21)
      expect(textOf((await log.read(0, 21))!)).toBe(textOf(message(21)))
    })
  })
}
