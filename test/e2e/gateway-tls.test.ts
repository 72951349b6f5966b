import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect as connectSocket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { connect as connectMqtt, type IClientOptions } from 'mqtt'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { dayMs } from '../../domain/index.ts'
import { rotateCertificates } from '../../gateway/listeners/certificate-rotation.ts'
import { checkTlsFiles, readTlsFiles } from '../../gateway/listeners/certificates.ts'
import { createMemoryMessageLog } from '../../message-log/index.ts'
import { temporaryFolder } from '../support/larder-process.ts'
import { startTestGateway, type TestGateway } from '../support/start-test-gateway.ts'
import { createTestCa, type TestCa } from '../support/test-ca.ts'

const run = promisify(execFile)
type Settings = NonNullable<Parameters<typeof startTestGateway>[1]>

const folder = temporaryFolder('tls')
let ca: TestCa
let other: TestCa
let server: { cert: string; key: string }

beforeAll(() => {
  ca = createTestCa(join(folder.path, 'ca'))
  other = createTestCa(join(folder.path, 'other'), 'Other CA')
  server = ca.issue('hub', { alternatives: 'DNS:localhost,IP:127.0.0.1' })
})
afterAll(() => folder.remove())

const text = (file: string): string => readFileSync(file, 'utf8')

describe('the gateway over TLS', () => {
  let test: TestGateway | undefined
  afterEach(async () => {
    await test?.stop()
    test = undefined
  })

  const start = async (settings: Settings = {}): Promise<TestGateway> =>
    (test = await startTestGateway(createMemoryMessageLog(), {
      tlsPort: 0,
      tlsCert: server.cert,
      tlsKey: server.key,
      ...settings,
    }))
  const withCertificates = (settings: Settings = {}): Promise<TestGateway> =>
    start({
      tlsClientCertificates: 'required',
      tlsClientCa: ca.file,
      tlsClientCrl: ca.crl,
      ...settings,
    })

  const as = (files: { cert: string; key: string } | null, more: object = {}) => ({
    secure: true,
    options: {
      ca: [text(ca.file)],
      ...(files ? { cert: text(files.cert), key: text(files.key) } : {}),
      ...more,
    },
  })

  it('takes a device with its password', async () => {
    const gateway = await start()
    const device = await gateway.connect({ ...gateway.registry.addDevice('s1', 'd1'), ...as(null) })
    await device.publishAsync('v1/s1/d1/telemetry', '{}', { qos: 1 })
    expect(device.connected).toBe(true)
  })

  it('takes a device with its certificate and no password, under its own name only', async () => {
    const gateway = await withCertificates()
    const login = gateway.registry.addDevice('s1', 'd1')
    const files = ca.issue('s1.d1')
    const device = await gateway.connect({ clientId: 's1.d1', ...as(files) })
    await device.publishAsync('v1/s1/d1/telemetry', '{}', { qos: 1 })
    await expect(
      gateway.connect({ clientId: 's1.d1', username: 's1/d1', password: 'x', ...as(files) }),
    ).rejects.toMatchObject({ code: 4 })
    expect(device.connected).toBe(true)
    const again = await gateway.connect({ ...login, ...as(files) })
    expect(again.connected).toBe(true)
  })
  it.each<[string, string, () => { cert: string; key: string } | null]>([
    [
      'certificate-expired',
      'one that has ended',
      () => ca.issue('s1.d1', { from: ago(30), until: ago(1) }),
    ],
    [
      'certificate-not-yet-valid',
      'one of tomorrow',
      () => ca.issue('s1.d1', { from: ago(-1), until: ago(-2) }),
    ],
    ['certificate-unknown-ca', 'one of another authority', () => other.issue('s1.d1')],
    ['certificate-missing', 'none', () => null],
    [
      'certificate-revoked',
      'a revoked one',
      () => {
        const files = ca.issue('s1.d1')
        ca.revoke(files.cert)
        return files
      },
    ],
  ])('counts %s and answers nothing to a device with %s', async (reason, _, issue) => {
    const files = issue()
    const gateway = await withCertificates()
    const login = gateway.registry.addDevice('s1', 'd1')
    expect(await firstAnswer(gateway.gateway.tlsPort, login, as(files).options)).toBe('closed')
    expect(await gateway.refused(reason)).toBe(1)
  })

  it.each([
    ['the client id of another', { clientId: 's1.d2' }],
    ['the client id of another and that one’s username', { clientId: 's1.d2', username: 's1/d2' }],
  ])('refuses a certificate with %s', async (_, login) => {
    const gateway = await withCertificates()
    for (const device of ['d1', 'd2']) gateway.registry.addDevice('s1', device)
    const own = await gateway.connect({ clientId: 's1.d2', ...as(ca.issue('s1.d2')) })
    await expect(gateway.connect({ ...login, ...as(ca.issue('s1.d1')) })).rejects.toMatchObject({
      code: 5,
    })
    expect(await gateway.refused('certificate-wrong-name')).toBe(1)
    expect(own.connected).toBe(true)
  })

  it('refuses a certificate whose device is revoked, or was never registered', async () => {
    const gateway = await withCertificates()
    gateway.registry.addDevice('s1', 'd1')
    gateway.registry.revoke('s1', 'd1')
    for (const clientId of ['s1.d1', 's1.d9'])
      await expect(gateway.connect({ clientId, ...as(ca.issue(clientId)) })).rejects.toThrow()
    expect([await gateway.refused('revoked'), await gateway.refused('unknown-user')]).toEqual([
      1, 1,
    ])
  })
})

describe('a connection that is not TLS as we want it', () => {
  it('is refused with an old version or a weak cipher, and counted', async () => {
    const test = await startTestGateway(createMemoryMessageLog(), {
      ...{ tlsPort: 0, tlsCert: server.cert, tlsKey: server.key },
    })
    const port = test.gateway.tlsPort
    const weak = 'DEFAULT:ALL:@SECLEVEL=0'
    const ask = async (...args: string[]) => {
      // The gateway lives in this process, so that the client must be another that is waited for.
      const script = `openssl s_client -connect 127.0.0.1:${port} -CAfile ${ca.file} ${args.map((arg) => `'${arg}'`).join(' ')} </dev/null 2>&1`
      const { stdout } = await run('sh', ['-c', script]).catch((error: unknown) => ({
        stdout: String((error as { stdout?: string }).stdout),
      }))
      return /New, TLSv1\.\d, Cipher is (?!\(NONE\))/.test(stdout)
    }
    expect(await ask('-tls1_3')).toBe(true)
    expect(await ask('-tls1_2')).toBe(true)
    for (const old of ['-tls1', '-tls1_1']) expect(await ask(old, '-cipher', weak), old).toBe(false)
    for (const cipher of [
      'ECDHE-ECDSA-AES128-SHA',
      'ECDHE-ECDSA-AES256-SHA384',
      'ECDHE-ECDSA-NULL-SHA',
      'AECDH-AES128-SHA',
      'ADH-AES128-SHA256',
    ])
      expect(await ask('-tls1_2', '-cipher', `${cipher}:@SECLEVEL=0`), cipher).toBe(false)
    expect(await test.refused('tls-handshake')).toBeGreaterThanOrEqual(7)
    await test.stop()
  })

  it('is closed where it does not end its handshake, and counted', async () => {
    const test = await startTestGateway(createMemoryMessageLog(), {
      ...{ tlsPort: 0, tlsCert: server.cert, tlsKey: server.key, connectDeadlineMs: 200 },
    })
    const socket = connectSocket(test.gateway.tlsPort, '127.0.0.1')
    socket.on('error', () => undefined)
    await new Promise((resolve) => socket.once('close', resolve))
    expect(await test.refused('tls-handshake-deadline')).toBe(1)
    await test.stop()
  })
})

describe('certificates that end', () => {
  it('are warned of once 30, 7 and 1 days before and when they have, however the clock jumps', async () => {
    const files = await readTlsFiles(allFiles())
    const said: string[] = []
    const say = (words: string): number => said.push(words)
    const clock = { at: 0, now: () => clock.at, sleepUntil: () => Promise.resolve() }
    const { certificates } = checkTlsFiles(files)
    const [{ endsAt }] = certificates
    clock.at = endsAt - 31 * dayMs
    const rotation = rotateCertificates({
      files,
      read: () => Promise.resolve(files),
      wall: clock,
      logger: { warn: say, error: say, info: say } as never,
      everyMs: 5,
      onRotated: () => undefined,
    })
    const at = async (days: number): Promise<number> => {
      clock.at = endsAt - days * dayMs
      await sleep(40)
      return said.length
    }
    expect([await at(31), rotation.problems()]).toEqual([0, []])
    expect(await at(30)).toBe(1)
    expect(await at(29)).toBe(1)
    expect(await at(7)).toBe(2)
    expect(await at(400)).toBe(2)
    expect(await at(7)).toBe(2)
    expect(await at(1)).toBe(3)
    expect(await at(-1)).toBe(4)
    expect(await at(-4000)).toBe(4)
    rotation.stop()
    expect(said.map((words) => /ends in (\d+ days|a day)|ended/.exec(words)?.[0])).toEqual([
      'ends in 30 days',
      'ends in 7 days',
      'ends in a day',
      'ended',
    ])
    expect(rotation.problems()).toEqual([expect.stringContaining('CN=hub')])
  })
})

describe('a start with', () => {
  const start = (settings: Settings): Promise<TestGateway> =>
    startTestGateway(createMemoryMessageLog(), {
      tlsPort: 0,
      tlsCert: server.cert,
      tlsKey: server.key,
      ...settings,
    })
  const file = (name: string, content: string): string => {
    const path = join(folder.path, name)
    writeFileSync(path, content)
    return path
  }

  it.each<[string, () => Settings, RegExp]>([
    ['no such file', () => ({ tlsCert: '/nowhere.crt' }), /mqtt\.tlsCert.*no such file/],
    ['no key', () => ({ tlsKey: '' }), /mqtt\.tlsKey is not/],
    ['no certificate', () => ({ tlsCert: '' }), /mqtt\.tlsCert is not/],
    ['noise', () => ({ tlsCert: file('noise', 'noise') }), /mqtt\.tlsCert holds no certificate/],
    [
      'a cut certificate',
      () => ({
        tlsCert: file('cut', text(server.cert).replace(/\n[^\n]+\n-----END/, '\n-----END')),
      }),
      /cannot be read/,
    ],
    ['another key', () => ({ tlsKey: ca.issue('x').key }), /is not that of the first certificate/],
    ['noise as key', () => ({ tlsKey: file('noise', 'noise') }), /holds no private key/],
    ['a noisy revocation list', () => certificates(file('noise', 'noise')), /tlsClientCrl/],
    ['no authority', () => ({ tlsClientCertificates: 'required' }), /tlsClientCa is not set/],
    ['nothing to listen on', () => ({ plaintext: false, tlsCert: '', tlsKey: '' }), /no device/],
    ['plaintext for all', () => ({ host: '0.0.0.0' }), /TLS only/],
  ])('%s says what to do', async (_, settings, words) => {
    await expect(start(settings())).rejects.toMatchObject({
      code: 'RT_SETTINGS_INVALID',
      message: expect.stringMatching(words) as string,
    })
  })

  it('TLS only listens with TLS only', async () => {
    const test = await start({ plaintext: false })
    expect([test.gateway.port, test.gateway.tlsPort > 0]).toEqual([0, true])
    await test.stop()
  })

  const certificates = (tlsClientCrl: string): Settings => ({
    ...{ tlsClientCertificates: 'required', tlsClientCa: ca.file, tlsClientCrl },
  })
})

const allFiles = () => ({
  ...{ tlsCert: server.cert, tlsKey: server.key, tlsClientCertificates: 'none' as const },
  ...{ tlsClientCa: '', tlsClientCrl: '' },
})

/** What a login is told: the return code of its CONNACK, or `closed` without one. */
function firstAnswer(
  port: number,
  login: { clientId: string; username: string; password: string },
  options: IClientOptions,
): Promise<number | 'closed'> {
  const client = connectMqtt(`mqtts://localhost:${port}`, {
    ...login,
    ...options,
    reconnectPeriod: 0,
  })
  client.on('error', () => undefined)
  return new Promise((resolve) => {
    client.on('packetreceive', (packet) => {
      if (packet.cmd === 'connack') resolve(packet.returnCode ?? -1)
      client.end(true)
    })
    client.on('close', () => resolve('closed'))
  })
}

function ago(days: number): Date {
  return new Date(Date.now() - days * dayMs)
}
