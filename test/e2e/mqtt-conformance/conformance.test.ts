import { describe, expect, it } from 'vitest'
import { connectCases } from './connect.cases.ts'
import { deliveryCases } from './delivery.cases.ts'
import { hold, type Case } from './conversation.ts'
import { publishCases } from './publish.cases.ts'
import { retainedCases } from './retained.cases.ts'
import { subscribeCases } from './subscribe.cases.ts'
import { topicCases } from './topic.cases.ts'
import { unsubscribeCases } from './unsubscribe.cases.ts'
import { willCases } from './will.cases.ts'

const groups: Readonly<Record<string, readonly Case[]>> = {
  CONNECT: connectCases,
  Wills: willCases,
  PUBLISH: publishCases,
  'deliveries to subscribers': deliveryCases,
  'retained messages': retainedCases,
  SUBSCRIBE: subscribeCases,
  'UNSUBSCRIBE and PINGREQ': unsubscribeCases,
  'topics, flags and the connection': topicCases,
}

/** Conversations wait for most of their time: many go on at once. */
const atOnce = 24
let running = 0
const waiting: (() => void)[] = []
const held = new Map<Case, Promise<void>>()

async function inTurn(conversation: Case): Promise<void> {
  if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve))
  running++
  try {
    await hold(conversation)
  } finally {
    running--
    waiting.shift()?.()
  }
}
for (const conversation of Object.values(groups).flat()) {
  const result = inTurn(conversation)
  result.catch(() => undefined)
  held.set(conversation, result)
}

describe.each(Object.entries(groups))('%s', (_, cases) => {
  it.each(cases.map((one) => [one.statements.join(' '), one.what, one] as const))(
    '[%s] %s',
    async (_numbers, _what, conversation) => {
      await expect(held.get(conversation)).resolves.toBeUndefined()
    },
  )
})
