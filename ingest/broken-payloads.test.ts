import { test } from 'vitest'
import { checkBrokenPayloads } from '../test/support/broken-payloads.ts'

test('1,000 broken payloads between good ones: good ones stored, bad ones kept with reason and bytes, mended ones stored once', () =>
  checkBrokenPayloads(40))
