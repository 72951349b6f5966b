import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * `npm run secrets`: the files that docker-compose.yml hands to its services, each made once. The folder is for its owner only;
 * a container reads a file as whoever it runs as.
 */
const folder = process.argv[2] ?? 'secrets'
const names = [
  'owner-key',
  'sim-key',
  'postgres-password',
  'influx-token',
  'influx-password',
  'grafana-password',
]

mkdirSync(folder, { recursive: true, mode: 0o700 })
for (const name of names) {
  const file = join(folder, name)
  if (existsSync(file)) continue
  writeFileSync(file, randomBytes(32).toString('base64url'), { mode: 0o644 })
  console.log(`made ${file}`)
}
