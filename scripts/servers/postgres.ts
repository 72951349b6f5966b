import { execFile, execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from './free-port.ts'

const run = promisify(execFile)
const password = 'larder'
const debianFolder = '/usr/lib/postgresql'

export interface PostgresServer {
  readonly url: string
  /** Connection address of another database of the server, made if new. */
  database(name: string): Promise<string>
  kill(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

/** The newest of Debian's servers; null where none is installed. The client package alone makes its folder too. */
export function findPostgres(): string | null {
  if (!existsSync(debianFolder)) return null
  const folders = readdirSync(debianFolder)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(debianFolder, version, 'bin'))
  return folders.find((folder) => existsSync(join(folder, 'initdb'))) ?? null
}

/** A server of its own in a folder, on loopback only, as the user postgres where root asks (the server refuses root). */
export async function startPostgres(folder: string): Promise<PostgresServer> {
  const bin = findPostgres()
  if (bin === null)
    throw new Error(
      'PostgreSQL is missing: install the Debian package postgresql (apt-get install postgresql).',
    )
  const isRoot = process.getuid?.() === 0
  const as = (program: string, args: readonly string[]) => {
    const command = [join(bin, program), ...args]
    return isRoot
      ? run('runuser', ['-u', 'postgres', '--', ...command], { cwd: '/' })
      : run(command[0]!, command.slice(1), { cwd: '/' })
  }
  const data = join(folder, 'postgres')
  mkdirSync(data, { recursive: true, mode: 0o700 })
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, password)
  if (isRoot) {
    const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres']).toString())
    for (const path of [folder, data, passwordFile]) chownSync(path, id('-u'), id('-g'))
  }
  const port = await freePort()
  await as('initdb', [
    ...['-D', data, '-U', 'larder', `--pwfile=${passwordFile}`, '-A', 'scram-sha-256'],
    ...['-E', 'UTF8', '--locale=C.UTF-8'],
  ])
  appendFileSync(
    join(data, 'postgresql.conf'),
    `listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nport = ${port}\n`,
  )
  const control = (...args: string[]) => as('pg_ctl', ['-D', data, '-w', '-t', '60', ...args])
  const start = async (): Promise<void> => {
    await control('-l', join(data, 'log'), 'start')
  }
  await start()
  const url = (name: string): string => `postgres://larder:${password}@127.0.0.1:${port}/${name}`
  return {
    url: url('postgres'),
    async database(name) {
      const { Client } = await import('pg')
      const client = new Client(url('postgres'))
      await client.connect()
      const known = await client.query('select 1 from pg_database where datname = $1', [name])
      if (known.rowCount === 0) await client.query(`create database "${name}"`)
      await client.end()
      return url(name)
    },
    start,
    async kill() {
      await control('-m', 'immediate', 'stop')
    },
    async stop() {
      await control('-m', 'fast', 'stop')
    },
  }
}
