import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** What is copied as it lies; the stores and the log are copied by who knows them. */
const small =
  /^(city|city-start|sim-credentials|clock)\.json$|^city-notes-\d+\.ndjson$|^(owner|sim)\.key$/

/** What the simulated city keeps; its clock comes last of all. */
export async function smallFiles(data: string): Promise<readonly string[]> {
  return (await namesIn(data)).filter((name) => small.test(name) && name !== 'clock.json')
}

/** All files below a folder of the data folder, with `/`; none where there is no such folder. */
export async function filesBelow(data: string, folder: string): Promise<readonly string[]> {
  const entries = await readdir(join(data, folder), { withFileTypes: true }).catch(() => [])
  const found = await Promise.all(
    entries.map((entry) => {
      const name = `${folder}/${entry.name}`
      if (entry.isDirectory()) return filesBelow(data, name)
      return Promise.resolve(entry.isFile() && !name.endsWith('.new') ? [name] : [])
    }),
  )
  return found.flat()
}

export async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => [])
}

/** 0 where there is none. */
export async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  )
}
