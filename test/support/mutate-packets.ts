import type { Random } from '../../domain/index.ts'

type Mutator = (bytes: Buffer, random: Random, other: Buffer) => Buffer

const upTo = (random: Random, count: number): number => Math.floor(random.next() * count)
const cut = (bytes: Buffer, from: number, to: number, between: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, from), between, bytes.subarray(to)])

/** What makes a packet wrong, or only another: each takes one packet and a second one to mix in. */
const mutators: Readonly<Record<string, Mutator>> = {
  'bit flips': (bytes, random) => {
    const changed = Buffer.from(bytes)
    for (let flips = 1 + upTo(random, 3); flips > 0; flips--) {
      const at = upTo(random, changed.length)
      changed[at] = changed[at]! ^ (1 << upTo(random, 8))
    }
    return changed
  },
  'a byte at its edge': (bytes, random) => {
    const changed = Buffer.from(bytes)
    changed[upTo(random, bytes.length)] = [0, 1, 0x7f, 0x80, 0xfe, 0xff][upTo(random, 6)]!
    return changed
  },
  truncation: (bytes, random) => bytes.subarray(0, 1 + upTo(random, bytes.length)),
  'a length that lies': (bytes, random) => {
    const lies = ['00', '01', '7f', '8001', 'ff7f', 'ffff03', 'ffffff7f', 'ffffffff01', '8000']
    return cut(bytes, 1, 2, Buffer.from(lies[upTo(random, lies.length)]!, 'hex'))
  },
  'a text length that lies': (bytes, random) => {
    const changed = Buffer.from(bytes)
    if (bytes.length > 4)
      changed.writeUInt16BE(upTo(random, 2) ? 0xffff : upTo(random, 300), 2 + upTo(random, bytes.length - 3)) // prettier-ignore
    return changed
  },
  splice: (bytes, random, other) =>
    Buffer.concat([
      bytes.subarray(0, upTo(random, bytes.length)),
      other.subarray(upTo(random, other.length)),
    ]),
  repeat: (bytes, random) => {
    const from = upTo(random, bytes.length)
    const to = from + 1 + upTo(random, bytes.length - from)
    const part = bytes.subarray(from, to)
    return cut(bytes, to, to, Buffer.concat(Array(1 + upTo(random, 8)).fill(part) as Buffer[]))
  },
  insert: (bytes, random) => {
    const noise = Buffer.from(Array.from({ length: 1 + upTo(random, 12) }, () => upTo(random, 256)))
    const at = upTo(random, bytes.length + 1)
    return cut(bytes, at, at, noise)
  },
  'another id': (bytes, random) => {
    const changed = Buffer.from(bytes)
    if (bytes.length >= 4) changed.writeUInt16BE(upTo(random, 4), bytes.length >= 4 ? 2 : 0)
    return changed
  },
  'another first byte': (bytes, random) => {
    const changed = Buffer.from(bytes)
    changed[0] = upTo(random, 256)
    return changed
  },
}

const names = Object.keys(mutators)

export function mutate(bytes: Buffer, random: Random, other: Buffer): Buffer {
  let mutated = bytes
  for (let times = 1 + upTo(random, 2); times > 0 && mutated.length > 0; times--)
    mutated = mutators[names[upTo(random, names.length)]!]!(mutated, random, other)
  return mutated
}
