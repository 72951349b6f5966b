import { afterAll, beforeAll, expect, test } from 'vitest'
import { silentLogger } from '../runtime/index.ts'
import { s1, w1 } from '../test/api/city.ts'
import { createTestApi, testStart, type TestApi } from '../test/api/test-api.ts'
import { createEventHub } from './events/event-hub.ts'
import { createZones } from './zones.ts'

let api: TestApi
beforeAll(async () => {
  api = await createTestApi()
})
afterAll(() => api.close())

const put = (id: string) => api.operations.putMasterData('sites', [{ ...s1, id }], testStart)

interface Feed {
  readonly items: readonly { number: number; id: string; item?: object }[]
  readonly next: string
}
const read = async (query: string): Promise<Feed> =>
  (await api.ask('GET', `/v1/changes${query}`)).json()

test('the feed goes on from its cursor, and its end is an empty page with the same cursor', async () => {
  for (const id of ['a', 'b', 'c']) await put(id)
  const first = await read('?limit=2')
  const second = await read(`?limit=2&cursor=${first.next}`)
  const end = await read(`?cursor=${second.next}`)
  expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(['a', 'b', 'c'])
  expect(first.items.map(({ number }) => number)).toEqual([1, 2])
  expect(end).toEqual({ items: [], next: second.next })
  await put('d')
  expect((await read(`?cursor=${end.next}&include=item`)).items).toMatchObject([
    { id: 'd', state: 'updated', item: { id: 'd', timeZone: 'Asia/Shanghai' } },
  ])
})

/** Reads events off a stream until `enough` says so. */
async function eventsUntil(
  stream: AsyncIterable<unknown>,
  enough: (events: readonly Event[]) => boolean,
): Promise<readonly Event[]> {
  let text = ''
  for await (const chunk of stream) {
    text += String(chunk)
    const events = parse(text)
    if (enough(events)) return events
  }
  return parse(text)
}
interface Event {
  readonly id: number | null
  readonly event: string
  readonly data: { readonly id?: string; readonly item?: object; readonly items?: object[] }
}
function parse(text: string): readonly Event[] {
  return text
    .split('\n\n')
    .slice(0, -1)
    .flatMap((block) => {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
      const data = field('data')
      return data === undefined
        ? []
        : [
            {
              id: field('id') === undefined ? null : Number(field('id')),
              event: field('event') ?? '',
              data: JSON.parse(data) as Event['data'],
            },
          ]
    })
}
const changesOf = (events: readonly Event[]) => events.filter(({ event }) => event === 'change')

const makeHub = (limits?: { mostClients: number; mostBufferedBytes: number }) =>
  createEventHub(
    {
      ...api.deps,
      logger: silentLogger,
      zones: createZones({ sites: () => api.operations.all('sites'), wall: api.wall }),
    },
    limits,
  )

test('events go on after Last-Event-ID and then live, each change once and in order', async () => {
  await api.app.listen({ host: '127.0.0.1', port: 0 })
  const address = api.app.server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const abort = new AbortController()
  const answer = await fetch(`http://127.0.0.1:${port}/v1/events`, {
    headers: { authorization: `Bearer ${api.deps.keys.owner}`, 'last-event-id': '2' },
    signal: abort.signal,
  })
  expect(answer.headers.get('content-type')).toContain('text/event-stream')
  const decoded = answer.body!.pipeThrough(new TextDecoderStream())
  const events = eventsUntil(decoded, (seen) => changesOf(seen).length >= 4)
  await put('e')
  await put('f')
  const seen = changesOf(await events)
  abort.abort()
  expect(seen.map(({ id }) => id)).toEqual([3, 4, 5, 6])
  expect(seen.map(({ data }) => data.id)).toEqual(['c', 'd', 'e', 'f'])
  expect(seen.at(-1)?.data.item).toMatchObject({ id: 'f' })
})

test('new readings and the status come too, a reading once', async () => {
  const hub = makeHub()
  const stream = await hub.connect(null)
  await api.series.write([
    {
      ...{ site: 's1', device: 'shelf-1', channel: 'units', gtin: null, at: testStart },
      ...{ receivedAt: testStart + 5, value: 12, seq: 1, boot: 'b', index: 0, quality: 'good' },
    },
  ])
  for (let second = 1; second <= 3; second++) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    await api.wall.advanceTo(api.wall.now() + 1000)
  }
  setTimeout(() => hub.stop(), 50)
  const events = await eventsUntil(stream, () => false)
  expect(events.filter(({ event }) => event === 'readings')).toMatchObject([
    { data: { items: [{ device: 'shelf-1', value: 12 }] } },
  ])
  expect(events.some(({ event }) => event === 'status')).toBe(true)
})

test('a client that does not read is dropped, and there is a most of clients', async () => {
  const hub = makeHub({ mostClients: 1, mostBufferedBytes: 2000 })
  const stream = await hub.connect(null)
  const closed = new Promise((resolve) => stream.once('close', () => resolve('closed')))
  await expect(hub.connect(null)).rejects.toMatchObject({ code: 'RT_NOT_READY' })
  const many = Array.from({ length: 40 }, (_, i) => ({ ...w1, id: `w${i}` }))
  await api.operations.putMasterData('sites', many, testStart)
  expect(await closed).toBe('closed')
  await hub.connect(null)
  hub.stop()
})

test('whoever comes with a number that a restored Larder does not know is told so, and hears what comes', async () => {
  const { newest } = await api.operations.changes(0, 1)
  const answer = await api.ask('GET', `/v1/changes?cursor=${newest + 1000}`)
  expect([answer.statusCode, answer.json()]).toMatchObject([410, { code: 'RT_GONE', newest }])
  const hub = makeHub()
  const stream = await hub.connect(newest + 1000)
  setTimeout(
    () => void api.operations.putMasterData('sites', [{ ...s1, id: 'after' }], testStart),
    50,
  )
  const events = await eventsUntil(stream, (all) => all.some(({ event }) => event === 'change'))
  hub.stop()
  expect(events).toContainEqual(expect.objectContaining({ event: 'reset' }))
  expect(events.filter(({ event }) => event === 'change')).toMatchObject([
    { data: { id: 'after' } },
  ])
})

test('a cursor whose next changes were dropped is told so, with where to go on', async () => {
  const own = await createTestApi()
  const site = (id: string, at: number) =>
    own.operations.putMasterData('sites', [{ ...s1, id }], at)
  await site('a', testStart)
  await site('b', testStart)
  await site('c', testStart + 2 * 86_400_000)
  const { newest } = await own.operations.changes(0, 1)
  await own.operations.prune({ before: testStart + 86_400_000 })
  const gone = await own.ask('GET', '/v1/changes?cursor=0')
  expect(gone.statusCode).toBe(410)
  expect(gone.json()).toMatchObject({ code: 'RT_GONE', newest })
  const goesOn = await own.ask('GET', `/v1/changes?cursor=${newest - 1}`)
  expect(goesOn.json()).toMatchObject({ items: [{ id: 'c' }] })
  await own.close()
})
