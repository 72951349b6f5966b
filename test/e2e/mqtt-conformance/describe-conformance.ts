import type { Case } from './conversation.ts'
import { statements } from './statements.ts'

/** docs/mqtt-conformance.md, from the statements and the cases that hold the gateway to them. */
export function describeConformance(groups: Readonly<Record<string, readonly Case[]>>): string {
  const cases = Object.values(groups).flat()
  const casesOf = (number: string): number =>
    cases.filter((one) => one.statements.includes(number)).length
  const tested = statements.filter(({ untested }) => untested === null)
  const rows = (chosen: readonly (readonly string[])[]): string =>
    chosen.map((cells) => `| ${cells.join(' | ')} |`).join('\n')

  return `# MQTT 3.1.1, statement by statement

The specification has ${statements.length} numbered statements. ${tested.length} of them are held by
${cases.length} conversations over raw sockets with a gateway of their own each (\`test/e2e/mqtt-conformance/\`, a few seconds);
${statements.length - tested.length} cannot be failed here, and why is said below. The same test compares this page with the corpus.

## What aedes 1.2.0 does otherwise, and what stands in its place

| what aedes does | statement | mended in |
| --- | --- | --- |
${rows(mended)}

What remains:

${remaining.map((line) => `- ${line}`).join('\n')}

## Stricter than the standard, on purpose

${stricter.map((line) => `- ${line}`).join('\n')}

## Tested

The number of conversations that fail where the statement is not kept.

| statement | in our words | tests |
| --- | --- | --- |
${rows(tested.map(({ number, words }) => [`MQTT-${number}`, words, String(casesOf(number))]))}

## Not tested

| statement | in our words | why |
| --- | --- | --- |
${rows(
  statements.flatMap(({ number, words, untested }) =>
    untested === null ? [] : [[`MQTT-${number}`, words, untested]],
  ),
)}
`
}

const guard = '`gateway/wire/`'
const delivery = '`gateway/sessions/exact-delivery.ts`'
const sessions = '`gateway/sessions/exact-sessions.ts`'
const mended: readonly (readonly string[])[] = [
  ['no limit to a packet before login', '', guard],
  ['takes U+0000, surrogates and other text that is not UTF-8', '1.5.3-1, 1.5.3-2', guard],
  ['takes packet id 0', '2.3.1-1', guard],
  ['takes other flags than the given ones', '2.2.2-2, 3.14.1-1', guard],
  ['closes without CONNACK 1 at an unknown level', '3.1.2-2', guard],
  ['takes Will flags and credentials that belie the payload', '3.1.2-11 … 3.1.2-22', guard],
  ['takes an empty id for a kept session', '3.1.3-8', guard],
  ['takes DUP with QoS 0', '3.3.1-2', guard],
  ['takes `ab/+e` for a filter', '4.7.1-3', guard],
  ['goes on with what follows a DISCONNECT', '3.14.4-2', guard],
  ['says that a session without subscriptions is none', '3.2.2-2', guard],
  ['answers a filter that stands twice in a SUBSCRIBE once', '3.8.4-5', guard],
  ['acknowledges before a message is kept', '4.3.2-2', '`gateway/broker.ts`'],
  ['passes DUP on', '3.3.1-3', '`gateway/broker.ts`'],
  ['lets a message overtake a retained one', '4.6.0-6', '`gateway/broker.ts`'],
  ['queues RETAIN for a session that is away', '3.3.1-9', '`gateway/broker.ts`'],
  [
    'asks whether QoS 2 may be kept before it looks whether it was',
    '4.3.3-2',
    '`gateway/sessions/inbound-once.ts`',
  ],
  ['drops a message that another one overtook', '4.5.0-1', delivery],
  ['leaves the QoS of overlapping filters to chance', '3.3.5-1', delivery],
  ['delivers to a wildcard at the QoS of the publisher', '3.8.4-6', delivery],
  ['sends what is new before what waited', '4.6.0-6', delivery],
  ['forgets a retained message that was not acknowledged', '4.4.0-1', delivery],
  ['sends again without DUP', '3.3.1-1', sessions],
  ['gives new messages the ids of those that wait', '2.3.1-4', sessions],
  ['queues a message once per filter that matches', '3.3.5-1', sessions],
  ['takes a second PUBREL for the first', '4.3.3-1', sessions],
  ['closes at the PUBREC of a retained message', '4.3.3-1', sessions],
]

const remaining = [
  'Sessions live in memory: after a restart of the gateway no session is present, what waited for one is gone (commands to devices are not: they wait in the operations store), and a message of QoS 2 that is sent again is kept again. Downstream a reading is identified by its `boot` and `seq`, not by its packet.',
  'A packet id is taken anew after 65,535 messages even where the first under it was never acknowledged [MQTT-2.3.1-4]; a session has at most 1,000 that wait.',
]

const stricter = [
  'A topic or filter has at most 256 bytes and 10 levels; longer ones close the connection.',
  'Control characters and non-characters in text close the connection: the standard says that they should not be sent, and lets a receiver close.',
  'A message that its sender may not publish closes the connection [MQTT-3.3.5-2]; a filter that it may not have is answered with 128.',
  'Shared subscriptions and filters that start with `$` are refused unless a rule names them.',
  'A packet has at most 4 KiB before login and 64 KiB after, and 10 seconds to arrive; CONNECT has 10 seconds after the connection was taken on.',
  'At most 42 packets may be sent before CONNACK, and at most 100 messages of QoS 2 may wait for their PUBREL.',
  'A session that is away gets at most 1,000 messages; what comes then is dropped and counted.',
  'A client id belongs to its credential: a second login takes the connection over only with the same one.',
]
