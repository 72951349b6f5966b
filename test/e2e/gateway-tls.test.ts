import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect as connectMqtt, type IClientOptions } from 'mqtt'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createMemoryMessageLog } from '../../message-log/index.ts'
import { temporaryFolder } from '../support/larder-process.ts'
import { startTestGateway, type TestGateway } from '../support/start-test-gateway.ts'
import { createTestCa, type TestCa } from '../support/test-ca.ts'

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
  return new Date(Date.now() - days * 86_400_000)
}
