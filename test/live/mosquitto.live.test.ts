import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  runLarder,
  startLarder,
  temporaryFolder,
  type LarderProcess,
  type RunResult,
} from '../support/larder-process.ts'

const isMissing = spawnSync('mosquitto_pub', ['--help']).error !== undefined
const isSkipped = isMissing && process.env.LARDER_LIVE_SKIP === '1'
if (isSkipped) console.warn('SKIPPED: mosquitto_pub and mosquitto_sub are missing')

interface Login {
  readonly clientId: string
  readonly username: string
  readonly password: string
}

/** Arguments as README.md shows them. */
const asDevice = (port: number, { clientId, username, password }: Login): string[] => [
  ...['-p', String(port), '-i', clientId, '-u', username, '-P', password],
]

function finish(child: ChildProcess): Promise<RunResult> {
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (text) => (stdout += String(text)))
  child.stderr?.on('data', (text) => (stderr += String(text)))
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
}

const run = (program: string, args: readonly string[]): Promise<RunResult> =>
  finish(spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000 }))

describe.skipIf(isSkipped)('with the clients of mosquitto, a device of one’s own', () => {
  const folder = temporaryFolder('mosquitto')
  let larder: LarderProcess | null = null
  let port = 0
  let login: Login

  const runHere = (...args: string[]): Promise<RunResult> =>
    runLarder([...args, '--data', folder.path])

  const publish = (from: Login, message: string): Promise<RunResult> =>
    run('mosquitto_pub', [
      ...asDevice(port, from),
      ...['-q', '1', '-t', 'v1/corner/fridge-1/telemetry', '-m', message],
    ])

  beforeAll(async () => {
    if (isMissing)
      throw new Error(
        'mosquitto_pub is missing: install the Debian package mosquitto-clients (apt-get install mosquitto-clients), or set LARDER_LIVE_SKIP=1.',
      )
    larder = await startLarder(folder.path)
    port = larder.mqttPort
    const added = await runHere('devices', 'add', 'corner/fridge-1', '--kind', 'probe', '--json')
    expect(added.code, added.stderr).toBe(0)
    login = JSON.parse(added.stdout) as Login
  })
  afterAll(async () => {
    await larder?.kill()
    folder.remove()
  })

  test('publishes a reading, which is read back', async () => {
    const published = await publish(login, '{"values":{"celsius":4.2}}')
    expect(published).toEqual({ code: 0, stdout: '', stderr: '' })
    let readings = ''
    for (let tries = 0; tries < 20 && readings === ''; tries++) {
      const read = await runHere('readings', 'corner/fridge-1', '--json')
      expect(read.code, read.stderr).toBe(0)
      readings = read.stdout
    }
    expect(JSON.parse(readings)).toMatchObject({ channel: 'celsius', value: 4.2, quality: 'good' })
  })

  test('is refused with a wrong password, with the return code of MQTT for it', async () => {
    const { code, stderr } = await publish({ ...login, password: 'wrong' }, '{"values":{}}')
    expect(code).toBe(4)
    expect(stderr).toContain('bad user name or password')
  })

  test('may not listen to all that is said', async () => {
    const { stdout, stderr } = await run('mosquitto_sub', [
      ...asDevice(port, login),
      ...['-q', '1', '-t', '#', '-W', '10'],
    ])
    expect(stderr).toContain('denied')
    expect(stdout).toBe('')
  })

  test('gets the command that was queued while it was away, and one queued while it listens', async () => {
    const command = (set: string): Promise<RunResult> =>
      runHere('devices', 'command', 'corner/fridge-1', set, '--json')
    const first = await command('{"intervalMs":10000}')
    expect(first.code, first.stderr).toBe(0)
    const child = spawn(
      'mosquitto_sub',
      [
        ...asDevice(port, login),
        ...['-q', '1', '-t', 'v1/corner/fridge-1/command', '-C', '2', '-W', '60'],
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    const listening = finish(child)
    await new Promise((resolve) => child.stdout.once('data', resolve))
    const second = await command('{"intervalMs":20000}')
    expect(second.code, second.stderr).toBe(0)
    const { code, stdout } = await listening
    expect(code).toBe(0)
    const id = ({ stdout: text }: RunResult): unknown => (JSON.parse(text) as { id: string }).id
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
    ).toEqual([
      { id: id(first), set: { intervalMs: 10000 } },
      { id: id(second), set: { intervalMs: 20000 } },
    ])
  })
})
