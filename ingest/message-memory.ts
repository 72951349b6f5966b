import type { Position } from '../domain/index.ts'

/** new: seen for the first time. duplicate: the same message again. conflict: the same (boot, seq) with another payload. */
export type Verdict = 'new' | 'duplicate' | 'conflict'

export interface MessageMemory {
  /** What a message is, and remembers it. `hash` stands for its payload. */
  see(
    site: string,
    device: string,
    boot: string,
    seq: number,
    hash: number,
    position: Position,
  ): Verdict
  /** Where the first message of a number stands in the log; null where it is forgotten. */
  positionOf(site: string, device: string, boot: string, seq: number): Position | null
}

/** The numbers of one life of a device, and the place where each is remembered. */
interface Life {
  readonly path: string
  readonly boot: string
  readonly places: Map<number, number>
}

/**
 * The last `capacity` numbered messages. It is a function of the log: after a restart the loop reads that much of the log
 * again, so that nothing needs keeping. What comes again later than that still meets the store's own identities.
 */
export function createMessageMemory(capacity: number): MessageMemory {
  const devices = new Map<string, Map<string, Life>>()
  const lives: (Life | undefined)[] = []
  const seqs: number[] = []
  const hashes: number[] = []
  const positions: number[] = []
  let next = 0

  function lifeOf(site: string, device: string, boot: string): Life {
    const path = `${site}/${device}`
    let boots = devices.get(path)
    if (!boots) devices.set(path, (boots = new Map<string, Life>()))
    let life = boots.get(boot)
    if (!life) boots.set(boot, (life = { path, boot, places: new Map() }))
    return life
  }

  function forget(place: number): void {
    const life = lives[place]
    if (!life) return
    life.places.delete(seqs[place]!)
    if (life.places.size > 0) return
    const boots = devices.get(life.path)
    boots?.delete(life.boot)
    if (boots?.size === 0) devices.delete(life.path)
  }

  return {
    see(site, device, boot, seq, hash, position) {
      if (capacity === 0) return 'new'
      const life = lifeOf(site, device, boot)
      const known = life.places.get(seq)
      if (known !== undefined) return hashes[known] === hash ? 'duplicate' : 'conflict'
      // Remembered before another is forgotten: a life that holds nothing goes.
      life.places.set(seq, next)
      forget(next)
      lives[next] = life
      seqs[next] = seq
      hashes[next] = hash
      positions[next] = position
      next = (next + 1) % capacity
      return 'new'
    },
    positionOf(site, device, boot, seq) {
      const place = devices.get(`${site}/${device}`)?.get(boot)?.places.get(seq)
      return place === undefined ? null : positions[place]!
    },
  }
}
