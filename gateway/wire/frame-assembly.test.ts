import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createFrameAssembly } from './frame-assembly.ts'

it('gives every byte once and in order, whatever the pieces and whatever is taken', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(100))),
      (steps) => {
        const assembly = createFrameAssembly()
        const taken: Buffer[] = []
        let rest = Buffer.alloc(0)
        for (const [bytes, share] of steps) {
          const joined = assembly.join(Buffer.from(bytes))
          rest = Buffer.concat([rest, bytes])
          expect(joined.equals(rest)).toBe(true)
          const whole = Math.floor((joined.length * share) / 100)
          taken.push(joined.subarray(0, whole))
          assembly.keep(joined, whole)
          rest = rest.subarray(whole)
          expect(assembly.length()).toBe(rest.length)
        }
        const sent = Buffer.concat(steps.map(([bytes]) => bytes))
        expect(Buffer.concat([...taken, rest]).equals(sent)).toBe(true)
      },
    ),
  )
})

it('copies a frame that comes byte by byte a few times at most', () => {
  const assembly = createFrameAssembly()
  const stores = new Set<ArrayBufferLike>()
  const byte = Buffer.from([7])
  for (let count = 0; count < 65_536; count++) {
    const joined = assembly.join(byte)
    stores.add(joined.buffer)
    assembly.keep(joined, 0)
  }
  expect(stores.size).toBeLessThan(20)
})
