import type { Clock, Site } from '../domain/index.ts'
import { createTimeFormatter } from './times.ts'

export interface Zones {
  /** Sites as they are now; to be awaited before `format`. */
  load(): Promise<ReadonlyMap<string, Site>>
  /** Formats times of a site in its own zone; of an unknown one, or of none, in UTC. */
  format(site: string | null): (at: number) => string
  forget(): void
}

const keepMs = 2000

/** Sites by id, read again after two seconds or when one was written here. */
export function createZones(deps: {
  readonly sites: () => Promise<readonly Site[]>
  readonly wall: Clock
}): Zones {
  let sites: ReadonlyMap<string, Site> = new Map<string, Site>()
  let loadedAt = -Infinity
  const formatters = new Map<string, (at: number) => string>()
  const formatter = (zone: string): ((at: number) => string) => {
    const known = formatters.get(zone)
    if (known) return known
    const made = createTimeFormatter(zone)
    formatters.set(zone, made)
    return made
  }
  return {
    async load() {
      if (deps.wall.now() - loadedAt > keepMs) {
        sites = new Map((await deps.sites()).map((site) => [site.id, site]))
        loadedAt = deps.wall.now()
      }
      return sites
    },
    format: (site) => formatter((site === null ? null : sites.get(site)?.timeZone) ?? 'UTC'),
    forget() {
      loadedAt = -Infinity
    },
  }
}
