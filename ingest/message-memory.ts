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
  readonly site: string
  readonly device: string
  readonly boot: string
  readonly places: Map<number, number>
}

/** By boot. */
type Lives = Map<string, Life>

/**
 * The last `capacity` numbered messages. It is a function of the log: after a restart the loop reads that much of the log
 * again, so that nothing needs keeping. What comes again later than that still meets the store's own identities.
 */
export function createMessageMemory(capacity: number): MessageMemory {
  /** By site and device: a text put together from both for every message costs more than the rest of it. */
  const sites = new Map<string, Map<string, Lives>>()
  const lives = new Array<Life | undefined>(capacity).fill(undefined)
  const seqs = new Float64Array(capacity)
  const hashes = new Uint32Array(capacity)
  const positions = new Float64Array(capacity)
  let next = 0

  function lifeOf(site: string, device: string, boot: string): Life {
    let devices = sites.get(site)
    if (!devices) sites.set(site, (devices = new Map<string, Lives>()))
    let boots = devices.get(device)
    if (!boots) devices.set(device, (boots = new Map<string, Life>()))
    let life = boots.get(boot)
    if (!life) boots.set(boot, (life = { site, device, boot, places: new Map() }))
    return life
  }

  function forget(place: number): void {
    const life = lives[place]
    if (!life) return
    life.places.delete(seqs[place]!)
    if (life.places.size > 0) return
    const devices = sites.get(life.site)
    const boots = devices?.get(life.device)
    boots?.delete(life.boot)
    if (boots?.size === 0) devices?.delete(life.device)
    if (devices?.size === 0) sites.delete(life.site)
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
      const place = sites.get(site)?.get(device)?.get(boot)?.places.get(seq)
      return place === undefined ? null : positions[place]!
    },
  }
}
