import { constants, gzip } from 'node:zlib'
import { promisify } from 'node:util'
import { LarderError } from '../../../domain/index.ts'
import type { InfluxConnection } from './influx-connection.ts'
import type { PointLine, WriteBatch } from './write-batch.ts'

const compress = promisify(gzip)

export interface SentLines {
  /** Bodies that were taken, as they were sent. */
  readonly bodies: readonly Uint8Array[]
  /** By place in the batch: why the server never takes it. */
  readonly refused: ReadonlyMap<number, string>
}

/** Fastest level: a body is a fifth as long, and is kept for a while. */
export async function compressBody(lines: readonly string[]): Promise<Uint8Array> {
  return compress(Buffer.from(lines.join('\n')), { level: constants.Z_BEST_SPEED })
}

/**
 * Writes a batch as one request. Where the server refuses a part of it, halves are tried until each point, and then each value,
 * that it does not take is found; all others are written. Writing a line again changes nothing.
 */
export async function sendLines(
  connection: InfluxConnection,
  bucket: string,
  batch: WriteBatch,
): Promise<SentLines> {
  const bodies: Uint8Array[] = []
  const refused = new Map<number, string>()

  async function send(lines: readonly string[]): Promise<string | null> {
    if (lines.length === 0) return null
    const body = await compressBody(lines)
    const words = await connection.write(bucket, body, true)
    if (words === null) bodies.push(body)
    return words
  }

  async function halve(points: readonly PointLine[], words: string): Promise<void> {
    if (points.length === 1) {
      await sendValues(points[0]!, words)
      return
    }
    const middle = points.length >> 1
    for (const half of [points.slice(0, middle), points.slice(middle)]) {
      const again = await send(half.map(({ text }) => text))
      if (again !== null) await halve(half, again)
    }
  }

  /** The server may take some values of a point and not others. */
  async function sendValues(point: PointLine, words: string): Promise<void> {
    const places = batch.placesOf(point)
    for (const [i, place] of places.entries()) {
      const again = places.length === 1 ? words : await send([withOneValue(point.text, i)])
      if (again !== null) refused.set(place, again)
    }
  }

  const words = await send([...batch.control, ...batch.points.map(({ text }) => text)])
  if (words !== null) {
    const own = await send(batch.control)
    if (own !== null)
      throw new LarderError(
        'RT_INTERNAL',
        `InfluxDB does not take what Larder keeps beside readings: ${own}`,
      )
    await halve(batch.points, words)
  }
  return { bodies, refused }
}

/** The line with one of its values and what is beside them. Values are numbers, so that a comma ends each. */
function withOneValue(line: string, index: number): string {
  const meta = line.lastIndexOf(',meta="')
  const start = startOfFields(line)
  const values = line.slice(start, meta).split(',')
  return `${line.slice(0, start)}${values[index]!}${line.slice(meta)}`
}

function startOfFields(line: string): number {
  for (let i = 0; ; i++) {
    if (line[i] === '\\') i++
    else if (line[i] === ' ') return i + 1
  }
}
