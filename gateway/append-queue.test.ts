import { describe, expect, it } from 'vitest'
import { LarderError, type RawMessage } from '../domain/index.ts'
import { createMemoryMessageLog } from '../message-log/index.ts'
import { until } from '../test/support/until.ts'
import { createAppendQueue } from './append-queue.ts'

const message = (bytes = 1): RawMessage => ({
  topic: 't',
  payload: new Uint8Array(bytes),
  receivedAt: 0,
  qos: 1,
  retain: false,
  clientId: null,
})

/** A log whose appends end when the test says so. */
function open(
  changes: { batchWaitMs?: number; batchMessages?: number } = {},
  brakeMs?: () => number,
) {
  const settings = { batchWaitMs: 0, batchMessages: 3, maxWaitingMegabytes: 64, ...changes }
  const appends: { count: number; end: (error?: Error) => void }[] = []
  const log = {
    ...createMemoryMessageLog(),
    append: (messages: readonly RawMessage[]) =>
      new Promise<number[]>((resolve, reject) =>
        appends.push({
          count: messages.length,
          end: (error) => (error ? reject(error) : resolve(messages.map(() => 1))),
        }),
      ),
  }
  const counted: (Error | null)[] = []
  const queue = createAppendQueue({
    log,
    settings,
    brakeMs,
    onAppended: ({ error }) => counted.push(error),
  })
  const add = (bytes?: number): Promise<Error | null> =>
    new Promise((resolve) => queue.add(message(bytes), resolve))
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  return { appends, queue, add, turn, counted }
}

describe('the append queue', () => {
  it('calls back only once the log has answered', async () => {
    const { appends, add, turn } = open()
    let done = false
    const added = add().then(() => (done = true))
    await turn()
    expect(done).toBe(false)
    appends[0]!.end()
    await added
    expect(done).toBe(true)
  })

  it('waits with every append while whoever reads the log is behind, also with full batches', async () => {
    let brake = 30
    const { appends, add, turn } = open({}, () => brake)
    const startedAt = performance.now()
    for (let i = 0; i < 5; i++) void add()
    await turn()
    expect(appends).toEqual([])
    await until(() => appends.length > 0)
    expect(performance.now() - startedAt).toBeGreaterThan(25)
    expect(appends[0]?.count).toBe(3)
    brake = 0
    void add()
    await turn()
    expect(appends.map(({ count }) => count)).toEqual([3, 3])
  })

  it('has two appends on their way and gathers the rest into batches', async () => {
    const { appends, add, turn, queue } = open()
    const added = Array.from({ length: 8 }, () => add())
    expect(appends.map(({ count }) => count)).toEqual([1, 1])
    appends[0]!.end()
    await turn()
    appends[1]!.end()
    await turn()
    expect(appends.map(({ count }) => count)).toEqual([1, 1, 3, 3])
    appends[2]!.end()
    appends[3]!.end()
    expect(await Promise.all(added)).toEqual(Array.from({ length: 8 }, () => null))
    await queue.drain()
  })

  it('appends what one turn brought at once, and while that is under way waits for more', async () => {
    const { appends, add, turn } = open({ batchWaitMs: 60_000, batchMessages: 100 })
    const counts = (): readonly number[] => appends.map(({ count }) => count)
    const added = [add(), add()]
    expect(counts()).toEqual([])
    await turn()
    expect(counts()).toEqual([2])
    added.push(add(), add(), add())
    await turn()
    expect(counts()).toEqual([2])
    appends[0]!.end()
    await turn()
    await turn()
    expect(counts()).toEqual([2, 3])
    appends[1]!.end()
    await Promise.all(added)
  })

  it('begins a second append where the first takes longer than the wait', async () => {
    const { appends, add, turn } = open({ batchWaitMs: 5, batchMessages: 100 })
    const added = [add()]
    await turn()
    added.push(add())
    await until(() => appends.length === 2)
    for (const { end } of appends) end()
    await Promise.all(added)
  })

  it('tells every message of a batch that was not kept, and goes on with the next', async () => {
    const { appends, add, turn, counted } = open()
    const full = new LarderError('RT_DISK_FULL', 'full')
    const added = [add(), add(), add()]
    appends[0]!.end(full)
    appends[1]!.end(full)
    await turn()
    appends[2]!.end()
    expect(await Promise.all(added)).toEqual([full, full, null])
    expect(counted).toEqual([full, full, null])
  })

  it('closes its gate while too much waits, and opens it again', async () => {
    const { appends, add, queue, turn } = open({ batchWaitMs: 0, batchMessages: 100 })
    const added = [add(40 << 20), add(40 << 20)]
    expect(queue.isOpen()).toBe(false)
    let told = 0
    const leave = queue.subscribe(() => told++)
    appends[0]!.end()
    await turn()
    expect(told).toBe(0)
    appends[1]!.end()
    await Promise.all(added)
    expect([told, queue.isOpen()]).toEqual([1, true])
    leave()
    const more = add(80 << 20)
    expect([told, queue.isOpen()]).toEqual([1, false])
    appends[2]!.end()
    await more
  })

  it('counts what an empty message costs too', () => {
    const { queue } = open({ batchMessages: 100 })
    let taken = 0
    while (queue.isOpen()) queue.add({ ...message(0), topic: String(taken++) }, () => undefined)
    expect(taken).toBeLessThan(70_000)
  })
})
