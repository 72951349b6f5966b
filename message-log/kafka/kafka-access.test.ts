import { expect, test } from 'vitest'
import { checkLibrary, clientConfig, type KafkaAccess } from './kafka-access.ts'

const tls = { ca: '/ca.pem', cert: '', key: '' }
const login = { mechanism: 'SCRAM-SHA-512', username: 'larder', password: 'secret' } as const

test('says of encryption and login what librdkafka calls them', () => {
  const of = (access: KafkaAccess) => clientConfig({ brokers: 'a:1', access })
  expect(clientConfig({ brokers: 'a:1' })).toEqual({
    'metadata.broker.list': 'a:1',
    'client.id': 'larder',
    'security.protocol': 'plaintext',
  })
  expect(of({ tls, login: null })).toMatchObject({ 'security.protocol': 'ssl' })
  expect(of({ tls: null, login })).toMatchObject({ 'security.protocol': 'sasl_plaintext' })
  expect(of({ tls: { ...tls, cert: '/c.pem', key: '/k.pem' }, login })).toEqual({
    'metadata.broker.list': 'a:1',
    'client.id': 'larder',
    'security.protocol': 'sasl_ssl',
    'ssl.ca.location': '/ca.pem',
    'ssl.certificate.location': '/c.pem',
    'ssl.key.location': '/k.pem',
    'sasl.mechanism': 'SCRAM-SHA-512',
    'sasl.username': 'larder',
    'sasl.password': 'secret',
  })
})

test.each(['2.0.2', '2.6.0', '1.9.1'])('SCRAM is not tried with librdkafka %s', (version) => {
  expect(() => checkLibrary(version, { tls, login })).toThrow(/--bundled/)
  expect(() => checkLibrary(version, { tls, login: null })).not.toThrow()
  expect(() =>
    checkLibrary(version, { tls, login: { ...login, mechanism: 'PLAIN' } }),
  ).not.toThrow()
})

test.each(['2.6.1', '2.12.1', '3.0.0'])('SCRAM is tried with librdkafka %s', (version) => {
  expect(() => checkLibrary(version, { tls, login })).not.toThrow()
})
