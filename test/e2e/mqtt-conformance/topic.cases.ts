import { client, demands, type Case } from './conversation.ts'
import { frame, hex, publish, puback, raw, suback, subscribe, type Packet } from './packets.ts'

const [a, b] = [client('a'), client('b')]

const matches = (statements: string, filter: string, topic: string): Case =>
  demands(
    statements,
    `${JSON.stringify(filter)} meets ${JSON.stringify(topic)}`,
    a.logsIn(),
    a.sends(subscribe(1, filter)),
    a.gets(suback(1, 0)),
    b.logsIn(),
    b.sends(publish(topic, 'x', { qos: 1, id: 1 })),
    b.gets(puback(1)),
    a.gets(publish(topic, 'x')),
    a.getsNothing(),
  )
const passesBy = (statements: string, filter: string, topic: string): Case =>
  demands(
    statements,
    `${JSON.stringify(filter)} does not meet ${JSON.stringify(topic)}`,
    a.logsIn(),
    a.sends(subscribe(1, filter)),
    a.gets(suback(1, 0)),
    b.logsIn(),
    b.sends(publish(topic, 'x', { qos: 1, id: 1 })),
    b.gets(puback(1)),
    a.getsNothing(),
  )
const closes = (statements: string, what: string, packet: Packet): Case =>
  demands(statements, what, a.logsIn(), a.sends(packet), a.isClosed())

export const topicCases: readonly Case[] = [
  ...(
    [
      ['#', 't'],
      ['#', '/t'],
      ['#', 't/u/v'],
      ['t/#', 't'],
      ['t/#', 't/'],
      ['t/#', 't/u/v'],
      ['+', 't'],
      ['+/+', '/t'],
      ['/+', '/t'],
      ['t/+', 't/'],
      ['t/+/v', 't/u/v'],
      ['t/+/v', 't//v'],
      ['+/u/#', 't/u'],
    ] as const
  ).map(([filter, topic]) => matches('3.8.3-2 4.7.1-1 3.3.2-3', filter, topic)),
  ...(
    [
      ['t/#', 'u/t'],
      ['t/#', 'tt'],
      ['+', '/t'],
      ['+', 't/'],
      ['t/+', 't'],
      ['t/+', 't/u/v'],
      ['t/u', 't/u/'],
    ] as const
  ).map(([filter, topic]) => passesBy('3.8.3-2 3.3.2-3', filter, topic)),
  ...['#', '+/#', '+/+/new/clients', '+/+/heartbeat'].map((filter) =>
    demands(
      '4.7.2-1',
      `${filter} meets nothing below $`,
      a.logsIn(),
      a.sends(subscribe(1, filter)),
      a.gets(suback(1, 0)),
      b.logsIn(),
      b.leaves(),
      a.getsNothing(),
    ),
  ),
  demands(
    '4.7.2-1',
    'a filter that names $SYS meets what is below it',
    a.logsIn(),
    a.sends(subscribe(1, '$SYS/+/new/clients')),
    a.gets(suback(1, 0)),
    b.logsIn(),
    a.gets(({ received }) => {
      if (!received?.toString().startsWith('$SYS/', 4)) throw new Error('not below $SYS')
      return received
    }),
  ),
  matches('1.5.3-3 4.7.3-4', '\uFEFFt', '\uFEFFt'),
  passesBy('1.5.3-3 4.7.3-4', 't', '\uFEFFt'),
  passesBy('1.5.3-3 4.7.3-4', '\uFEFFt', 't'),
  matches('4.7.3-4', 't/\uFEFFu', 't/\uFEFFu'),
  matches('4.7.3-4', 'Lager 1/日本/🍎', 'Lager 1/日本/🍎'),
  ...(
    [
      ['T', 't'],
      ['t//u', 't/u'],
      ['t', 't/'],
      ['/t', 't'],
      ['t ', 't'],
      ['e\u0301', '\u00e9'],
      ['.', 't'],
      ['t/../u', 'u'],
      ['t.*', 'tt'],
    ] as const
  ).map(([filter, topic]) => passesBy('4.7.3-4', filter, topic)),

  ...[
    ['PUBACK', '41'],
    ['PUBREC', '51'],
    ['PUBREL', '60'],
    ['PUBCOMP', '71'],
  ].map(([name, first]) =>
    closes(
      name === 'PUBREL' ? '2.2.2-2 3.6.1-1' : '2.2.2-2',
      `${name} with other flags`,
      raw(first!, '02 0001'),
    ),
  ),
  ...['63', '66', '6a'].map((first) =>
    closes('3.6.1-1', `PUBREL as ${first}`, raw(first, '02 0001')),
  ),
  closes('2.2.2-2', 'PINGREQ with flags', raw('c100')),
  demands(
    '2.2.2-2 3.1.4-1',
    'CONNECT with flags',
    a.sends(raw(frame(0x11, hex('00044d51545404020000000161')))),
    a.isClosed(),
  ),
  ...[
    ['CONNACK', '2002 0000'],
    ['SUBACK', '9003 0001 00'],
    ['UNSUBACK', 'b002 0001'],
    ['PINGRESP', 'd000'],
    ['packet type 0', '0000'],
    ['packet type 15', 'f000'],
  ].map(([name, bytes]) => closes('4.8.0-1', `${name} from a client`, raw(bytes!))),
  closes('4.8.0-1', 'a length of five bytes', raw('30 ffffffff 01')),
  closes('4.8.0-1', 'a PUBACK too long', raw('4003 0001 00')),
  closes('4.8.0-1', 'a PINGREQ with a body', raw('c001 00')),
  demands(
    '2.2.2-1 7.1.1-1',
    'a packet in single bytes is the same packet, with the flags of the standard in each answer',
    a.logsIn(),
    ...Array.from(hex('8206 0001 0001 74 01')).map((byte) => a.sends(() => Buffer.from([byte]))),
    a.gets(raw('9003 0001 01')),
    a.sends(raw('a205 0002 0001 74')),
    a.gets(raw('b002 0002')),
  ),
  demands(
    '4.1.0-2 7.0.0-2',
    'a session lasts as long as its connection',
    a.logsIn(),
    a.sends(subscribe(1, 't')),
    a.gets(suback(1, 0)),
    ...[1, 2, 3].flatMap((n) => [
      b.logsIn(),
      b.sends(publish('t', `${n}`)),
      a.gets(publish('t', `${n}`)),
      b.leaves(),
    ]),
    a.getsNothing(),
  ),
]
