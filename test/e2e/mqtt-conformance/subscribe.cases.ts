import { client, demands, type Case } from './conversation.ts'
import {
  frame,
  hex,
  publish,
  puback,
  pubcomp,
  pubrec,
  pubrel,
  raw,
  suback,
  subscribe,
  text,
  type Packet,
} from './packets.ts'

const [a, b] = [client('a'), client('b')]
const closes = (statements: string, what: string, packet: Packet): Case =>
  demands(statements, what, a.logsIn(), a.sends(packet), a.isClosed())
const tells = (topic: string, payload: string, qos = 1) => [
  b.sends(publish(topic, payload, { qos, id: 1 })),
  ...(qos === 1 ? [b.gets(puback(1))] : []),
  ...(qos === 2 ? [b.gets(pubrec(1)), b.sends(pubrel(1)), b.gets(pubcomp(1))] : []),
]
/** A delivery, with a packet id named after its payload where it has one. */
const delivery = (topic: string, payload: string, qos: number) =>
  publish(topic, payload, { qos, id: payload })

export const subscribeCases: readonly Case[] = [
  closes(
    '3.8.1-1 2.2.2-2',
    'SUBSCRIBE without its flags',
    raw('80', frame(0, '0001', text('t'), '00').subarray(1)),
  ),
  closes('3.8.3-1 1.5.3-1', 'a surrogate in a filter', subscribe(1, hex('eda080'))),
  closes('3.8.3-1', 'a filter longer than its packet', raw(frame(0x82, '0001 0005 61'))),
  closes('1.5.3-2 4.7.3-2', 'U+0000 in a filter', subscribe(1, 't\0')),
  closes('3.8.3-3', 'SUBSCRIBE to nothing', subscribe(1)),
  closes('3.8.3-4', 'QoS 3', subscribe(1, ['t', 3])),
  ...[0x04, 0x10, 0x80].map((bits) =>
    closes('3.8.3-4', `reserved bits ${bits} beside the QoS`, subscribe(1, ['t', bits])),
  ),
  closes('2.3.1-1', 'SUBSCRIBE with packet id 0', subscribe(0, 't')),
  closes('4.7.3-1', 'an empty filter', subscribe(1, '')),
  ...['t#', '#/t', 't/#/u', '##', 't/#a'].map((filter) =>
    closes('4.7.1-2', `# out of place: ${filter}`, subscribe(1, filter)),
  ),
  ...['t+', '+t', 't/+u', 't/u+/v', '++'].map((filter) =>
    closes('4.7.1-3', `+ beside a name: ${filter}`, subscribe(1, filter)),
  ),

  demands(
    '3.8.4-1 3.8.4-2 2.3.1-7',
    'SUBACK has the id of its SUBSCRIBE',
    a.logsIn(),
    a.sends(subscribe(1, 't'), subscribe(65_535, 'u')),
    a.gets(suback(1, 0), suback(65_535, 0)),
  ),
  demands(
    '3.8.4-3',
    'a filter again takes the place of the first: what is retained comes again, nothing comes twice',
    b.logsIn(),
    b.sends(publish('t', 'kept', { qos: 1, id: 1, retain: true })),
    b.gets(puback(1)),
    a.logsIn(),
    a.sends(subscribe(1, ['t', 1])),
    a.gets(suback(1, 1), publish('t', 'kept', { qos: 1, id: 'first', retain: true })),
    a.sends(puback('first'), subscribe(2, ['t', 0])),
    a.gets(suback(2, 0), publish('t', 'kept', { retain: true })),
    a.getsNothing(),
    ...tells('t', 'x'),
    a.gets(publish('t', 'x')),
    a.getsNothing(),
  ),
  demands(
    '3.8.4-3',
    'nothing is missed while a filter takes the place of itself',
    b.logsIn(),
    a.logsIn(),
    a.sends(subscribe(1, ['t', 1])),
    a.gets(suback(1, 1)),
    ...[1, 2, 3, 4].flatMap((n) => [
      a.sends(subscribe(10 + n, ['t', n % 2])),
      b.sends(publish('t', `${n}`, { qos: 1, id: n })),
    ]),
    b.gets(puback(1), puback(2), puback(3), puback(4)),
    getsWithin('t', ['1', '2', '3', '4'], [11, 12, 13, 14]),
  ),
  demands(
    '3.8.4-4 3.8.4-5 3.9.3-1 3.9.3-2',
    'each filter gets its own answer, in their order, refused ones 128',
    a.logsIn(),
    a.sends(subscribe(1, ['t/1', 2], ['$share/g/t', 1], ['t/2', 0], ['$other/#', 0], ['t/3', 1])),
    a.gets(suback(1, 2, 0x80, 0, 0x80, 1)),
  ),
  demands(
    '3.8.4-4 3.8.4-5',
    'a filter twice in one SUBSCRIBE gets two answers, and the last counts',
    a.logsIn(),
    a.sends(subscribe(1, ['t', 1], ['u', 2], ['t', 0])),
    a.gets(suback(1, 1, 2, 0)),
    b.logsIn(),
    ...tells('t', 'x'),
    a.gets(publish('t', 'x')),
    a.getsNothing(),
  ),
  demands(
    '3.8.4-5',
    'a refused filter gets nothing, now and in the session that comes back',
    a.logsIn({ id: 's1.d1', user: 's1/d1', clean: false }),
    a.sends(subscribe(1, ['#', 1], ['v1/s1/d1/command', 1])),
    a.gets(suback(1, 0x80, 1)),
    b.logsIn(),
    ...tells('t', 'x'),
    a.getsNothing(),
    a.vanishes(),
    a.logsIn({ id: 's1.d1', user: 's1/d1', clean: false, present: true }),
    ...tells('t', 'y'),
    a.getsNothing(),
  ),
  ...[0, 1, 2].flatMap((granted) =>
    ['t/1', 't/+'].map((filter) =>
      demands(
        '3.8.4-6',
        `what is sent at QoS 0, 1 and 2 comes to ${filter} of QoS ${granted} at the lower of both`,
        a.logsIn(),
        a.sends(subscribe(1, [filter, granted])),
        a.gets(suback(1, granted)),
        b.logsIn(),
        ...[0, 1, 2].flatMap((sent) => [
          ...tells('t/1', `q${sent}`, sent),
          a.gets(delivery('t/1', `q${sent}`, Math.min(sent, granted))),
        ]),
      ),
    ),
  ),
  ...['t/1', 't/+'].map((filter) =>
    demands(
      '3.8.4-6',
      `a session that was away gets no more than the QoS of ${filter} either`,
      a.logsIn({ clean: false }),
      a.sends(subscribe(1, [filter, 1])),
      a.gets(suback(1, 1)),
      a.leaves(),
      b.logsIn(),
      ...tells('t/1', 'x', 2),
      b.getsNothing(),
      a.logsIn({ clean: false, present: true }),
      a.gets(delivery('t/1', 'x', 1)),
    ),
  ),
  ...['t/1', 't/+'].map((filter) =>
    demands(
      '3.8.4-6',
      `a retained message comes at no more than the QoS of ${filter}`,
      b.logsIn(),
      b.sends(publish('t/1', 'x', { qos: 1, id: 1, retain: true })),
      b.gets(puback(1)),
      a.logsIn(),
      a.sends(subscribe(1, [filter, 0])),
      a.gets(suback(1, 0), publish('t/1', 'x', { retain: true })),
    ),
  ),
  ...[
    [
      ['t/1', 0],
      ['t/+', 1],
      ['#', 2],
    ] as const,
    [
      ['#', 2],
      ['t/+', 1],
      ['t/1', 0],
    ] as const,
    [
      ['t/+', 2],
      ['t/1', 1],
      ['t/#', 0],
    ] as const,
  ].flatMap((filters) =>
    [true, false].map((clean) =>
      demands(
        '3.3.5-1',
        `filters that overlap (${filters.join(' ')}) give the highest QoS of them, ${clean ? 'clean' : 'kept'} session`,
        a.logsIn({ clean }),
        ...filters.flatMap((filter, index) => [
          a.sends(subscribe(index + 1, filter)),
          a.gets(suback(index + 1, filter[1])),
        ]),
        b.logsIn(),
        b.sends(publish('t/1', 'x', { qos: 2, id: 1 })),
        a.gets(delivery('t/1', 'x', 2)),
        a.sends(pubrec('x')),
        a.gets(pubrel('x')),
        a.sends(pubcomp('x')),
        a.getsNothing(),
        b.gets(pubrec(1)),
        b.sends(publish('t/1', 'y', { qos: 1, id: 2 })),
        b.gets(puback(2)),
        a.gets(delivery('t/1', 'y', 1)),
        a.sends(puback('y')),
        a.getsNothing(),
      ),
    ),
  ),
]

/** Each payload once and each SUBACK once, the payloads in order, at whatever QoS is the filter's just then. */
function getsWithin(topic: string, payloads: readonly string[], subacks: readonly number[]) {
  const messages: string[] = []
  const acknowledged: number[] = []
  const head = text(topic)
  return a.gets(
    ...Array.from({ length: payloads.length + subacks.length }, (_, index) => {
      return ({ received }: { received: Buffer | null }) => {
        if (received === null) throw new Error('the end')
        if (received[0] === 0x90) acknowledged.push(received.readUInt16BE(2))
        else {
          const idBytes = (received[0]! >> 1) & 3 ? 2 : 0
          messages.push(received.subarray(2 + head.length + idBytes).toString())
        }
        const isLast = index === payloads.length + subacks.length - 1
        if (isLast && messages.join() + acknowledged.join() !== payloads.join() + subacks.join())
          throw new Error(`got ${messages.join()} and ${acknowledged.join()}`)
        return received
      }
    }),
  )
}
