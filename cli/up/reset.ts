import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** Everything Larder writes into a data folder, but for the lock that this process holds, and what was moved aside for its owner to look at. */
const ours =
  /^(log|series|operations)\.db(-wal|-shm|\..*)?$|^(models|dead-letters)$|^(city|city-start|clock|run|sim-credentials|uplink|backups)\.json(\..*)?$|^city-notes-\d+\.ndjson$|^(owner|sim)\.key(\..*)?$|^restoring$/

/** A name that Larder writes into its data folder. */
export const isOurs = (name: string): boolean => ours.test(name)

/** Empties a data folder of what Larder keeps in it and of nothing else; gives the names it removed. */
export function resetDataFolder(path: string): readonly string[] {
  const names = readdirSync(path).filter(isOurs)
  for (const name of names) rmSync(join(path, name), { recursive: true, force: true })
  return names
}
