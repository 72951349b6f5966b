import { readLength } from './mqtt-frame.ts'

/** Completes the SUBACK of a SUBSCRIBE that names a filter twice: aedes answers it once [MQTT-3.8.4-5]. */
export interface SubackCodes {
  /** A whole SUBSCRIBE that the broker is given. */
  asked(frame: Buffer, headBytes: number): void
  /** Whole frames on their way to the client. */
  complete(frames: Buffer): Buffer
}

interface Asked {
  /** Place of the filter among the different ones. */
  readonly place: number
  readonly qos: number
}

/** SUBSCRIBEs with a filter twice whose answer is out: more of them is no client that waits for answers. */
const maxWaiting = 100
const refused = 0x80

export function createSubackCodes(): SubackCodes {
  const waiting = new Map<number, readonly Asked[]>()

  const completeFrame = (frame: Buffer, head: number): Buffer => {
    const id = frame.readUInt16BE(head)
    const asked = waiting.get(id)
    if (!asked) return frame
    waiting.delete(id)
    const codes = asked.map(({ place, qos }) =>
      frame[head + 2 + place] === refused ? refused : qos,
    )
    return Buffer.from([0x90, ...lengthBytes(2 + codes.length), id >> 8, id & 255, ...codes])
  }

  return {
    asked(frame, headBytes) {
      const places = new Map<string, number>()
      const asked: Asked[] = []
      for (let at = headBytes + 2; at < frame.length;) {
        const end = at + 2 + frame.readUInt16BE(at)
        const filter = frame.toString('latin1', at, end)
        const place = places.get(filter) ?? places.size
        places.set(filter, place)
        asked.push({ place, qos: frame[end]! })
        at = end + 1
      }
      if (places.size === asked.length) return
      if (waiting.size >= maxWaiting) waiting.delete(waiting.keys().next().value!)
      waiting.set(frame.readUInt16BE(headBytes), asked)
    },
    complete(frames) {
      if (waiting.size === 0) return frames
      const parts: Buffer[] = []
      for (let at = 0; at < frames.length;) {
        const length = readLength(frames, at)
        if (length === null || length === 'length') return frames
        const end = at + length.head + length.body
        const frame = frames.subarray(at, end)
        parts.push(frame[0] === 0x90 ? completeFrame(frame, length.head) : frame)
        at = end
      }
      return Buffer.concat(parts)
    },
  }
}

function lengthBytes(length: number): number[] {
  return length < 128 ? [length] : [(length & 127) | 128, ...lengthBytes(length >> 7)]
}
