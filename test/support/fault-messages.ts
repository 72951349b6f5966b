import type { Position, RawMessage } from '../../domain/index.ts'

/** What a run under the shim wrote between its calls, so that what it knew is known at each of them. */
export type RunMark =
  | { readonly sent: readonly number[] }
  | { readonly acknowledged: readonly number[]; readonly positions: readonly Position[] }
  /** About to drop what lies up to here. */
  | { readonly pruning: Position }

/** Some short, some longer than a page of the store. */
function textOf(id: number): string {
  const length = id % 9 === 0 ? 6000 : 20 + ((id * 37) % 300)
  return `${id}:`.padEnd(length, `${id * 7919}`)
}

export function faultMessage(id: number): RawMessage {
  return {
    topic: `v1/s1/d${id % 5}/telemetry`,
    payload: Buffer.from(textOf(id)),
    receivedAt: 1_790_000_000_000 + id,
    qos: 1,
    retain: false,
    clientId: `s1.d${id % 5}`,
  }
}

/** The id of a message that is as it was sent; null where it never was. */
export function idOf(message: RawMessage): number | null {
  const text = Buffer.from(message.payload).toString()
  const id = Number.parseInt(text)
  const original = Number.isInteger(id) ? faultMessage(id) : null
  const isSame =
    original !== null &&
    text === textOf(id) &&
    message.topic === original.topic &&
    message.receivedAt === original.receivedAt &&
    message.clientId === original.clientId
  return isSame ? id : null
}
