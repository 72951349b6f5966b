import { test } from 'vitest'
import { checkBrokenPayloads } from '../support/broken-payloads.ts'
import { scaled } from '../support/torture.ts'

const ofEach = scaled(400, 4000)

test(`${ofEach * 25} broken payloads between as many good ones: all good ones stored, all bad ones kept with their reason`, () =>
  checkBrokenPayloads(ofEach))
