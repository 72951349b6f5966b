import { client, demands, theLogFails, theLogHolds, type Case, type Step } from './conversation.ts'
import { publish, puback, pubcomp, pubrec, pubrel, suback, subscribe, together } from './packets.ts'

const [a, b, c] = [client('a'), client('b'), client('c')]
const keptSubscriber = (qos: number) => [
  a.logsIn({ clean: false }),
  a.sends(subscribe(1, ['t', qos])),
  a.gets(suback(1, qos)),
  b.logsIn(),
]
const subscriber = (filter: string, qos = 0) => [
  a.logsIn(),
  a.sends(subscribe(1, [filter, qos])),
  a.gets(suback(1, qos)),
  b.logsIn(),
]
export const deliveryCases: readonly Case[] = [
  demands(
    '4.3.3-1 2.3.1-6 4.6.0-4',
    'PUBREC is answered with PUBREL of the same id, in their order',
    ...subscriber('t', 2),
    b.sends(publish('t', 'one', { qos: 2, id: 1 }), publish('t', 'two', { qos: 2, id: 2 })),
    a.gets(publish('t', 'one', { qos: 2, id: 'one' }), publish('t', 'two', { qos: 2, id: 'two' })),
    a.sends(together(pubrec('two'), pubrec('one'))),
    a.gets(pubrel('two'), pubrel('one')),
    a.sends(pubcomp('one'), pubcomp('two')),
    a.getsNothing(),
  ),
  demands(
    '4.3.3-1 4.4.0-1 3.3.1-1',
    'after a reconnect an unanswered PUBLISH of QoS 2 comes again, and after its PUBREC the PUBREL instead',
    ...keptSubscriber(2),
    b.sends(publish('t', 'x', { qos: 2, id: 1 })),
    a.gets(publish('t', 'x', { qos: 2, id: 'm' })),
    a.vanishes(),
    a.logsIn({ clean: false, present: true }),
    a.gets(publish('t', 'x', { qos: 2, id: 'm', dup: true })),
    a.sends(pubrec('m')),
    a.gets(pubrel('m')),
    a.vanishes(),
    a.logsIn({ clean: false, present: true }),
    a.gets(pubrel('m')),
    a.sends(pubcomp('m')),
    a.getsNothing(),
    a.vanishes(),
    a.logsIn({ clean: false, present: true }),
    a.getsNothing(),
  ),
  demands(
    '4.3.3-1 4.4.0-1',
    'every PUBREL that waits for its PUBCOMP comes again after a reconnect, in their order',
    ...keptSubscriber(2),
    b.sends(publish('t', '1', { qos: 2, id: 1 }), publish('t', '2', { qos: 2, id: 2 })),
    a.gets(publish('t', '1', { qos: 2, id: '1' }), publish('t', '2', { qos: 2, id: '2' })),
    a.sends(pubrec('1')),
    a.gets(pubrel('1')),
    a.sends(pubrec('2')),
    a.gets(pubrel('2')),
    a.vanishes(),
    a.logsIn({ clean: false, present: true }),
    a.gets(pubrel('1'), pubrel('2')),
    a.sends(pubcomp('1'), pubcomp('2')),
    a.getsNothing(),
  ),
  demands(
    '4.3.3-2',
    'QoS 2 sent twice in one segment arrives once',
    ...subscriber('t', 2),
    b.sends(
      together(
        publish('t', 'x', { qos: 2, id: 3 }),
        publish('t', 'x', { qos: 2, id: 3, dup: true }),
      ),
    ),
    b.gets(pubrec(3), pubrec(3)),
    a.gets(publish('t', 'x', { qos: 2, id: 'm' })),
    a.getsNothing(),
    theLogHolds('x'),
  ),
  demands(
    '2.3.1-4 4.3.2-1 3.3.1-2',
    'messages under way have ids of their own, none 0, and no DUP',
    ...subscriber('t', 1),
    ...['1', '2', '3'].map((id) => b.sends(publish('t', id, { qos: 1, id: Number(id) }))),
    ...['1', '2', '3'].map((id) => a.gets(publish('t', id, { qos: 1, id }))),
  ),
  demands(
    '2.3.1-4 4.4.0-1',
    'a new message takes no id of one that waits from before a reconnect',
    ...keptSubscriber(1),
    ...['1', '2'].map((id) => b.sends(publish('t', id, { qos: 1, id: Number(id) }))),
    ...['1', '2'].map((id) => a.gets(publish('t', id, { qos: 1, id }))),
    a.vanishes(),
    a.logsIn({ clean: false, present: true }),
    ...['1', '2'].map((id) => a.gets(publish('t', id, { qos: 1, id, dup: true }))),
    b.sends(publish('t', '3', { qos: 1, id: 3 })),
    a.gets(publish('t', '3', { qos: 1, id: '3' })),
  ),
  demands(
    '3.3.5-2',
    'a device that publishes under the path of another is closed, and nothing is kept',
    a.logsIn({ id: 's1.d1', user: 's1/d1' }),
    a.sends(publish('v1/s1/d2/telemetry', 'x', { qos: 1, id: 1 })),
    a.isClosed(),
    theLogHolds(),
  ),
  demands(
    '4.5.0-1',
    'a message goes to every session that it matches, here or away, and to no other',
    a.logsIn(),
    a.sends(subscribe(1, ['t/#', 1])),
    a.gets(suback(1, 1)),
    c.logsIn({ clean: false }),
    c.sends(subscribe(1, ['+/1', 1])),
    c.gets(suback(1, 1)),
    c.leaves(),
    b.logsIn(),
    b.sends(subscribe(1, 'u/1')),
    b.gets(suback(1, 0)),
    b.sends(publish('t/1', 'x', { qos: 1, id: 1 })),
    b.gets(puback(1)),
    a.gets(publish('t/1', 'x', { qos: 1, id: 'a' })),
    c.logsIn({ clean: false, present: true }),
    c.gets(publish('t/1', 'x', { qos: 1, id: 'c' })),
    b.getsNothing(),
  ),
  demands(
    '4.6.0-2 4.6.0-3',
    'PUBACK and PUBREC come in the order of their PUBLISH',
    b.logsIn(),
    b.sends(together(...[5, 1, 9, 3].map((id) => publish('t', `${id}`, { qos: 1, id })))),
    b.gets(...[5, 1, 9, 3].map(puback)),
    b.sends(together(...[6, 2, 10, 4].map((id) => publish('t', `${id}`, { qos: 2, id })))),
    b.gets(...[6, 2, 10, 4].map(pubrec)),
  ),
  ...[0, 1, 2].map((qos) =>
    demands(
      '4.6.0-5 4.6.0-6',
      `messages of QoS ${qos} on a topic arrive in their order, retained or not`,
      ...subscriber('t/#', 2),
      b.sends(
        together(
          ...Array.from({ length: 30 }, (_, n) =>
            publish('t/1', `${n}`, { qos, id: n + 1, retain: n % 3 === 0 }),
          ),
        ),
      ),
      a.gets(...Array.from({ length: 30 }, (_, n) => publish('t/1', `${n}`, { qos, id: `m${n}` }))),
    ),
  ),
  demands(
    '4.6.0-1 4.6.0-6 4.4.0-1',
    'what comes again comes in its first order',
    ...keptSubscriber(1),
    b.sends(together(...[1, 2, 3, 4].map((id) => publish('t', `${id}`, { qos: 1, id })))),
    a.gets(...['1', '2', '3', '4'].map((id) => publish('t', id, { qos: 1, id }))),
    a.sends(puback('2')),
    a.getsNothing(),
    a.vanishes(),
    a.logsIn({ clean: false, present: true }),
    a.gets(...['1', '3', '4'].map((id) => publish('t', id, { qos: 1, id, dup: true }))),
  ),
  demands(
    '4.6.0-6 3.1.2-5 4.5.0-1',
    'what waited for a session arrives before what is sent while it comes back, nothing twice or missing',
    ...keptSubscriber(1),
    a.leaves(),
    b.sends(together(...numbers(0, 300).map((n) => publish('t', `${n}`, { qos: 1, id: n + 1 })))),
    b.gets(...numbers(0, 300).map((n) => puback(n + 1))),
    b.getsNothing(),
    inParallel(
      a.logsIn({ clean: false, present: true }),
      b.sends(...numbers(300, 600).map((n) => publish('t', `${n}`, { qos: 1, id: n + 1 }))),
    ),
    a.gets(...numbers(0, 600).map((n) => publish('t', `${n}`, { qos: 1, id: `${n}` }))),
    a.getsNothing(),
  ),
  demands(
    '4.5.0-1 3.3.5-1',
    'filters of a kept session that overlap bring a message once, here and when it was away',
    a.logsIn({ clean: false }),
    a.sends(subscribe(1, ['t/1', 1], ['t/+', 1], ['t/#', 1])),
    a.gets(suback(1, 1, 1, 1)),
    b.logsIn(),
    b.sends(publish('t/1', '1', { qos: 1, id: 1 })),
    a.gets(publish('t/1', '1', { qos: 1, id: '1' })),
    a.sends(puback('1')),
    a.leaves(),
    b.sends(publish('t/1', '2', { qos: 1, id: 2 })),
    b.gets(puback(1), puback(2)),
    b.getsNothing(),
    a.logsIn({ clean: false, present: true }),
    a.gets(publish('t/1', '2', { qos: 1, id: '2' })),
    a.sends(puback('2')),
    a.getsNothing(),
  ),
  demands(
    '4.5.0-1',
    'messages of several publishers, QoS and retain at once all arrive',
    ...subscriber('#', 2),
    c.logsIn(),
    b.sends(
      together(
        publish('t/1', 'b1', { qos: 2, id: 1 }),
        publish('t/2', 'b2', { qos: 1, id: 2, retain: true }),
        publish('t/3', 'b3'),
      ),
    ),
    c.sends(together(publish('u/1', 'c1', { qos: 1, id: 1, retain: true }), publish('u/2', 'c2'))),
    getsAll(5),
    a.getsNothing(),
  ),
  demands(
    '4.8.0-2',
    'a message that cannot be kept is not acknowledged, and its connection closes',
    ...subscriber('t'),
    theLogFails,
    b.sends(publish('t', 'x', { qos: 1, id: 1 })),
    b.isClosed(),
    a.getsNothing(),
  ),
]

/** So many deliveries on `a`, in whatever order. */
function getsAll(count: number) {
  return a.gets(
    ...Array.from({ length: count }, () => ({ received }: { received: Buffer | null }) => {
      if (received?.[0] === undefined || received[0] >> 4 !== 3) throw new Error('no PUBLISH')
      return received
    }),
  )
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, n) => from + n)
}

function inParallel(...steps: readonly Step[]): Step {
  return async (conversation) => {
    await Promise.all(steps.map((step) => step(conversation)))
  }
}
