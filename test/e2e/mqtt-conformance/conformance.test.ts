import { format, resolveConfig } from 'prettier'
import { describe, expect, it } from 'vitest'
import { connectCases } from './connect.cases.ts'
import { deliveryCases } from './delivery.cases.ts'
import { hold, type Case } from './conversation.ts'
import { describeConformance } from './describe-conformance.ts'
import { publishCases } from './publish.cases.ts'
import { retainedCases } from './retained.cases.ts'
import { statements } from './statements.ts'
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

describe('the list of statements', () => {
  const named = new Set(
    Object.values(groups).flatMap((cases) => cases.flatMap((one) => one.statements)),
  )

  it('is complete: each is tested, or says why it is not', () => {
    expect(statements).toHaveLength(141)
    expect(new Set(statements.map(({ number }) => number)).size).toBe(141)
    const tested = statements.filter(({ untested }) => untested === null)
    expect(tested.map(({ number }) => number).filter((number) => !named.has(number))).toEqual([])
    expect([...named].filter((number) => !tested.some((one) => one.number === number))).toEqual([])
  })

  // `npx vitest run --project e2e test/e2e/mqtt-conformance -u` writes the page.
  it('is what docs/mqtt-conformance.md says', async () => {
    const page = new URL('../../../docs/mqtt-conformance.md', import.meta.url).pathname
    const options = await resolveConfig(page)
    const text = await format(describeConformance(groups), { ...options, parser: 'markdown' })
    await expect(text).toMatchFileSnapshot(page)
  })
})
