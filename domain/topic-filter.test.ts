import { expect, it } from 'vitest'
import { matchTopic } from './topic-filter.ts'

it.each([
  ['zigbee2mqtt/+', 'zigbee2mqtt/kitchen', ['kitchen']],
  ['zigbee2mqtt/+', 'zigbee2mqtt/kitchen/availability', null],
  ['zigbee2mqtt/+', 'zigbee2mqtt', null],
  ['application/+/device/+/event/up', 'application/a/device/b/event/up', ['a', 'b']],
  ['a/#', 'a/b/c', ['b/c']],
  ['a/#', 'a', ['']],
  ['+/b', '/b', ['']],
  ['+/x', '$SYS/x', null],
  ['$SYS/+', '$SYS/x', ['x']],
  ['a', 'A', null],
])('%s for %s', (filter, topic, found) => {
  expect(matchTopic(filter, topic)).toEqual(found)
})
