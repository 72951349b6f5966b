import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** Everything Larder writes into a data folder, but for the lock that this process holds. */
const ours =
  /^(log|series|operations)\.db(-wal|-shm|\..*)?$|^(models|dead-letters)$|^(city|city-start|clock|run|sim-credentials)\.json(\.new)?$|^city-notes-\d+\.ndjson$|^(owner|sim)\.key$/

/** Empties a data folder of what Larder keeps in it and of nothing else; gives the names it removed. */
export function resetDataFolder(path: string): readonly string[] {
  const names = readdirSync(path).filter((name) => ours.test(name))
  for (const name of names) rmSync(join(path, name), { recursive: true, force: true })
  return names
}
