import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../domain/index.ts'

export const sessionCookie = 'larder_session'
const linkMs = 10 * 60_000
const sessionMs = 12 * 60 * 60_000
const mostLinks = 16
const mostSessions = 100

export interface Session {
  readonly csrfToken: string
  readonly expiresAt: number
}

/** Board sessions, kept in memory: a restart ends them, and prints a new link. */
export interface Sessions {
  /** A token that opens one session, once, within ten minutes. */
  createLoginToken(): string
  /** The cookie's value, or null where the token is used, old or never was. */
  login(token: string): string | null
  session(cookie: string): Session | null
  logout(cookie: string): void
}

const randomText = (): string => randomBytes(32).toString('base64url')
// Kept by digest, so that looking one up takes no time that depends on its characters.
const digest = (text: string): string => createHash('sha256').update(text).digest('hex')

export function createSessions(wall: Clock): Sessions {
  const links = new Map<string, number>()
  const sessions = new Map<string, Session>()

  return {
    createLoginToken() {
      const token = randomText()
      keepNewest(links, mostLinks - 1)
      links.set(digest(token), wall.now() + linkMs)
      return token
    },
    login(token) {
      const key = digest(token)
      const expiresAt = links.get(key)
      links.delete(key)
      if (expiresAt === undefined || expiresAt <= wall.now()) return null
      const cookie = randomText()
      keepNewest(sessions, mostSessions - 1)
      sessions.set(digest(cookie), { csrfToken: randomText(), expiresAt: wall.now() + sessionMs })
      return cookie
    },
    session(cookie) {
      const found = sessions.get(digest(cookie))
      return found && found.expiresAt > wall.now() ? found : null
    },
    logout(cookie) {
      sessions.delete(digest(cookie))
    },
  }
}

function keepNewest(map: Map<string, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return
    map.delete(key)
  }
}

export function isSameToken(given: string, expected: string): boolean {
  return timingSafeEqual(Buffer.from(digest(given)), Buffer.from(digest(expected)))
}
