import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  runLarder,
  startLarder,
  temporaryFolder,
  type LarderProcess,
  type RunResult,
} from '../support/larder-process.ts'
import { createTestCa, type TestCa } from '../support/test-ca.ts'

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
  let tlsPort = 0
  let login: Login
  let ca: TestCa

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
    ca = createTestCa(join(folder.path, 'ca'))
    const hub = ca.issue('hub', { alternatives: 'DNS:localhost' })
    larder = await startLarder(folder.path, {
      env: {
        LARDER_MQTT_TLS_PORT: '0',
        LARDER_MQTT_TLS_CERT: hub.cert,
        LARDER_MQTT_TLS_KEY: hub.key,
        LARDER_MQTT_TLS_CLIENT_CERTIFICATES: 'optional',
        LARDER_MQTT_TLS_CLIENT_CA: ca.file,
      },
    })
    port = larder.mqttPort
    tlsPort = larder.mqttsPort
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

  describe('over TLS', () => {
    const overTls = (file: string): string[] => [
      '-h',
      'localhost',
      '-p',
      String(tlsPort),
      '--cafile',
      file,
    ]
    const withPassword = ({ clientId, username, password }: Login): string[] => [
      ...['-i', clientId, '-u', username, '-P', password],
    ]
    const withCertificate = (): string[] => {
      const { cert, key } = ca.issue('corner.fridge-1')
      return ['-i', 'corner.fridge-1', '--cert', cert, '--key', key]
    }
    const reading = [
      '-q',
      '1',
      '-t',
      'v1/corner/fridge-1/telemetry',
      '-m',
      '{"values":{"celsius":3.9}}',
    ]
    const done = { code: 0, stdout: '', stderr: '' }

    test('publishes with its password', async () => {
      const args = [...overTls(ca.file), ...withPassword(login), ...reading]
      expect(await run('mosquitto_pub', args)).toEqual(done)
    })

    test('publishes with its certificate and no password', async () => {
      const args = [...overTls(ca.file), ...withCertificate(), ...reading]
      expect(await run('mosquitto_pub', args)).toEqual(done)
    })

    test('is refused with the certificate of another', async () => {
      const { cert, key } = ca.issue('corner.other')
      const args = ['-i', 'corner.fridge-1', '--cert', cert, '--key', key, ...reading]
      const { code, stderr } = await run('mosquitto_pub', [...overTls(ca.file), ...args])
      expect(code).toBe(5)
      expect(stderr).toContain('not authorised')
    })

    test('does not trust a gateway of another authority', async () => {
      const other = createTestCa(join(folder.path, 'other'), 'Other CA')
      const args = [...overTls(other.file), ...withPassword(login), ...reading]
      const { code, stderr } = await run('mosquitto_pub', args)
      expect(code).not.toBe(0)
      expect(stderr).toContain('A TLS error occurred')
    })

    test('listens as an operator whom "larder credentials add" made', async () => {
      const added = await runHere(
        ...[
          'credentials',
          'add',
          'anna',
          '--kind',
          'operator',
          '--subscribe',
          'v1/corner/#',
          '--json',
        ],
      )
      expect(added.code, added.stderr).toBe(0)
      const { password } = JSON.parse(added.stdout) as Login
      const child = spawn(
        'mosquitto_sub',
        [
          ...overTls(ca.file),
          ...['-i', 'anna-1', '-u', 'anna', '-P', password],
          ...['-q', '1', '-t', 'v1/corner/+/telemetry', '-C', '1', '-W', '30'],
        ],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      )
      const listening = finish(child)
      // Nothing tells when it has subscribed.
      while (child.exitCode === null)
        expect(
          await run('mosquitto_pub', [...overTls(ca.file), ...withCertificate(), ...reading]),
        ).toEqual(done)
      const { code, stdout } = await listening
      expect(code).toBe(0)
      expect(stdout).toContain('{"values":{"celsius":3.9}}')
    })
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
