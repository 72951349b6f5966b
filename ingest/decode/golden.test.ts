import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import type { LoggedMessage, Reading } from '../../domain/index.ts'
import type { Catalogue } from '../catalogue.ts'
import { createMessageMemory } from '../message-memory.ts'
import { prepareMessages } from '../prepare-batch.ts'
import { loadProfiles } from '../profiles/load-profiles.ts'
import { decoders } from './decoders.ts'

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
  watchedProducts: () => [],
  productByGtin: () => null,
  gtinOf: () => null,
  stop: () => undefined,
}

function readInput(name: string): Uint8Array {
  const json = new URL(`${name}/input.json`, folder)
  return readFileSync(existsSync(json) ? json : new URL(`${name}/input.bin`, folder))
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
    const message: LoggedMessage = {
      ...{ topic: topic ?? 'v1/s1/d1/telemetry', payload, receivedAt, position: 77 },
      ...{ qos: 1, retain: false, clientId: 's1.d1' },
      ...(topic === null ? {} : { path: { site: 's1', device: 'd1' } }),
    }
    const [prepared] = await prepareMessages([message], 0, {
      formats: decoders,
      profiles: loadProfiles(''),
      memory: createMessageMemory(10),
      catalogue: everyoneRegistered,
      clockAheadMinutes: 10,
    })
    if (expected.deadLetter !== undefined) {
      expect(prepared!.message).toMatchObject({
        type: 'bad',
        letter: { id: '0.77', reason: expected.deadLetter, payload },
      })
      expect(prepared!.readings).toEqual([])
      return
    }
    expect(prepared!.readings).toEqual(
      (expected.readings ?? []).map((one) => ({ site: 's1', device: 'd1', receivedAt, ...one })),
    )
  })
})
