import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import type { LoggedMessage, Reading } from '../../domain/index.ts'
import type { Catalogue } from '../catalogue.ts'
import { createMessageMemory } from '../message-memory.ts'
import { prepareMessages } from '../prepare-batch.ts'
import { loadProfiles } from '../profiles/load-profiles.ts'
import { decodeMessage } from './decode-message.ts'
import { decoders } from './decoders.ts'
import { createEdgeNodes } from '../sparkplug/edge-nodes.ts'

interface Expected {
  readonly readings?: readonly Partial<Reading>[]
  readonly deadLetter?: string
}

const folder = new URL('../../fixtures/ingest/', import.meta.url)
const receivedAt = 1_763_793_540_500

const everyoneRegistered: Catalogue = {
  refresh: () => Promise.resolve(),
  device: () => ({ isRegistered: true, zone: null }),
  shelfProducts: () => [],
  shelvesOf: () => [],
  unitGrams: () => null,
  watchedProducts: () => [],
  productByGtin: () => null,
  gtinOf: () => null,
  stop: () => undefined,
}

function readInput(name: string): Uint8Array {
  const json = new URL(`${name}/input.json`, folder)
  return readFileSync(existsSync(json) ? json : new URL(`${name}/input.bin`, folder))
}

/** Messages of before, e.g. the births that name what a payload tells by number: topic and bytes in hex. */
function readBefore(name: string): readonly { topic: string; hex: string }[] {
  const file = new URL(`${name}/before.json`, folder)
  if (!existsSync(file)) return []
  return JSON.parse(readFileSync(file, 'utf8')) as { topic: string; hex: string }[]
}

/** The topic of a bridge that speaks for s1/d1; null for a device's own. */
function readBridgeTopic(name: string): string | null {
  const file = new URL(`${name}/topic.txt`, folder)
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : null
}

describe('golden payloads', () => {
  afterEach(() => {
    expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('polluted')
  })

  test.each(readdirSync(folder))('%s', async (name) => {
    const payload = readInput(name)
    const text = readFileSync(new URL(`${name}/expected.json`, folder), 'utf8')
    const expected = JSON.parse(text) as Expected
    const topic = readBridgeTopic(name)
    const toMessage = (place: string | null, bytes: Uint8Array, position: number) => ({
      ...{ topic: place ?? 'v1/s1/d1/telemetry', payload: bytes, receivedAt, position },
      ...{ qos: 1 as const, retain: false, clientId: 's1.d1' },
      ...(place === null ? {} : { path: { site: 's1', device: 'd1' } }),
    })
    const messages: readonly LoggedMessage[] = [
      ...readBefore(name).map((one, i) => toMessage(one.topic, Buffer.from(one.hex, 'hex'), i)),
      toMessage(topic, payload, 77),
    ]
    const all = await prepareMessages(messages, 0, {
      formats: decoders,
      profiles: loadProfiles(''),
      nodes: createEdgeNodes(),
      memory: createMessageMemory(10),
      catalogue: everyoneRegistered,
      clockAheadMinutes: 10,
    })
    const prepared = all.at(-1)
    if (expected.deadLetter !== undefined) {
      expect(prepared!.message).toMatchObject({
        type: 'bad',
        letter: { id: '0.77', reason: expected.deadLetter, payload },
      })
      expect(prepared!.readings).toEqual([])
      return
    }
    expect(prepared!.message.type).not.toBe('bad')
    expect(prepared!.readings).toEqual(
      (expected.readings ?? []).map((one) => ({ site: 's1', device: 'd1', receivedAt, ...one })),
    )
  })
})

test.each([
  ['zigbee2mqtt/bridge/state', 'nothing'],
  ['zigbee2mqtt/fridge', 'bad'],
])('what a bridge says of itself needs no device and is no dead letter: %s', (topic, type) => {
  const said = decodeMessage(
    {
      ...{ topic, payload: Buffer.from('{"state":"online"}'), receivedAt, position: 1 },
      ...{ qos: 1, retain: true, clientId: 'zigbee' },
    },
    0,
    { formats: decoders, profiles: loadProfiles(''), nodes: createEdgeNodes() },
  )
  expect(said.type).toBe(type)
})
