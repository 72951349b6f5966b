import { expect, it } from 'vitest'
import { createMemoryDeviceRegistry } from '../../test/support/memory-device-registry.ts'
import { createLogins } from './log-in.ts'

const open = () => {
  const registry = createMemoryDeviceRegistry()
  const waits: number[] = []
  const logins = createLogins({
    registry,
    settings: { joinPerSecond: 1000, joinDevices: 10 },
    monotonic: () => 0,
    wait: (ms) => Promise.resolve(waits.push(ms)),
    isTrusted: (address) => address === '127.0.0.1',
  })
  const logIn = (
    { username, clientId, password }: { username: string; clientId: string; password: string },
    address: string,
    more: Partial<Parameters<typeof logins.logIn>[0]> = {},
  ) =>
    logins.logIn({
      ...{ clientId, username, password: Buffer.from(password), will: undefined },
      ...{ peer: { address, certificate: null }, holder: () => undefined, ...more },
    })
  return { registry, logIn, waits }
}

it('a wrong login is answered later and later, a right one behind the same address at once', async () => {
  const { registry, logIn, waits } = open()
  const right = registry.addDevice('s1', 'd1')
  for (let tries = 0; tries < 50; tries++)
    expect(await logIn({ ...right, password: `x${tries}` }, '203.0.113.7')).toMatchObject({
      refused: 'wrong-secret',
    })
  expect([waits.length, waits[0], waits.at(-1)]).toEqual([50, 0, 3000])
  expect(await logIn(right, '203.0.113.7')).toMatchObject({ identity: { kind: 'device' } })
  await logIn({ ...right, password: 'x' }, '127.0.0.1')
  expect(waits).toHaveLength(50)
})

it('a certificate and a password of one device are one credential, another device’s is not', async () => {
  const { registry, logIn } = open()
  const device = registry.addDevice('s1', 'd1')
  const certificate = { address: '127.0.0.1', certificate: ['s1.d1'] }
  const byCertificate = await logIn(device, '127.0.0.1', {
    ...{ username: undefined, password: undefined, peer: certificate },
  })
  const holder = () => byCertificate.identity ?? undefined
  expect(await logIn(device, '127.0.0.1', { holder })).toMatchObject({
    identity: { username: 's1/d1' },
  })
  const other = { ...holder()!, username: 'anna' }
  expect(await logIn(device, '127.0.0.1', { holder: () => other })).toMatchObject({
    refused: 'id-in-use',
  })
})

it('a certificate stands for no password but that of its own device', async () => {
  const { registry, logIn } = open()
  registry.addDevice('s1', 'd1')
  const operator = { ...registry.add('anna', 'operator'), clientId: 'anna-1' }
  const peer = { address: '127.0.0.1', certificate: ['anna-1'] }
  expect(await logIn(operator, '127.0.0.1', { peer, password: undefined })).toMatchObject({
    refused: 'no-credentials',
  })
  expect(await logIn(operator, '127.0.0.1', { peer })).toMatchObject({
    identity: { username: 'anna' },
  })
  expect(
    await logIn({ ...operator, username: 's1/d1' }, '127.0.0.1', { peer, password: undefined }),
  ).toMatchObject({ refused: 'no-credentials' })
})
