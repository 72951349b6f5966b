import { homedir } from 'node:os'
import { join } from 'node:path'

/** What is built once and kept between clones: servers for tests and benches. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'larder')
}
