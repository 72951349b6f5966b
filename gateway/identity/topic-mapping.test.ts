import { expect, it } from 'vitest'
import { mapTopic } from './topic-mapping.ts'

const mappings = [
  { pattern: 'zigbee2mqtt/bridge/+', site: 's1', device: 'coordinator' },
  { pattern: 'zigbee2mqtt/+', site: 's1', device: '{1}' },
  { pattern: 'stores/+/+/up/#', site: '{1}', device: 'lora-{2}' },
]

it.each([
  ['zigbee2mqtt/lamp-1', { site: 's1', device: 'lamp-1' }],
  ['zigbee2mqtt/bridge/state', { site: 's1', device: 'coordinator' }],
  ['stores/s2/17/up/data/raw', { site: 's2', device: 'lora-17' }],
  ['stores/s2/17/up', { site: 's2', device: 'lora-17' }],
  ['zigbee2mqtt/lamp-1/set', null],
  ['zigbee2mqtt', null],
  ['stores/s2/17/down', null],
  ['zigbee2mqtt/living room', { site: 's1', device: 'living-room' }],
  ['zigbee2mqtt/CB:B8:33', { site: 's1', device: 'CB-B8-33' }],
  ['zigbee2mqtt/Kühlraum 1', { site: 's1', device: 'Kuhlraum-1' }],
  ['zigbee2mqtt/冰箱', 'mapping-bad-name'],
  ['zigbee2mqtt/', 'mapping-bad-name'],
  ['zigbee2mqtt/derived', 'mapping-bad-name'],
  ['zigbee2mqtt/{1}', 'mapping-bad-name'],
])('%s speaks for %o', (topic, path) => {
  expect(mapTopic(mappings, null, topic)).toEqual(path)
})

it('a bridge of one site speaks for no other', () => {
  expect(mapTopic(mappings, 's1', 'stores/s2/17/up')).toBe('mapping-foreign-site')
  expect(mapTopic(mappings, 's2', 'stores/s2/17/up')).toEqual({ site: 's2', device: 'lora-17' })
})
