import { LarderError } from '../../domain/index.ts'
import type { KafkaConfig } from './native-kafka.ts'

/** How brokers are reached. Without any of it: bytes as they are, and nobody asks who comes. */
export interface KafkaAccess {
  readonly tls: {
    /** PEM files; empty: the public authorities, and no certificate of our own. */
    readonly ca: string
    readonly cert: string
    readonly key: string
  } | null
  readonly login: {
    readonly mechanism: SaslMechanism
    readonly username: string
    readonly password: string
  } | null
}

export type SaslMechanism = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'

export const openAccess: KafkaAccess = { tls: null, login: null }

/** What every client of librdkafka is told of it. */
export function clientConfig(options: {
  readonly brokers: string
  readonly access?: KafkaAccess
}): KafkaConfig {
  const { tls, login } = options.access ?? openAccess
  return {
    'metadata.broker.list': options.brokers,
    'client.id': 'larder',
    'security.protocol': `${login ? 'sasl_' : ''}${tls ? 'ssl' : 'plaintext'}`,
    ...(tls?.ca && { 'ssl.ca.location': tls.ca }),
    ...(tls?.cert && { 'ssl.certificate.location': tls.cert, 'ssl.key.location': tls.key }),
    ...(login && {
      'sasl.mechanism': login.mechanism,
      'sasl.username': login.username,
      'sasl.password': login.password,
    }),
  }
}

/**
 * Throws where the librdkafka that is installed cannot log in so: before 2.6.1 its SCRAM repeats the nonce, which brokers since Kafka
 * 3.8.1 and 4.0 refuse as if the password were wrong (librdkafka pull request 4895, CVE-2024-56128).
 */
export function checkLibrary(librdkafkaVersion: string, access: KafkaAccess = openAccess): void {
  const [major = 0, minor = 0, patch = 0] = librdkafkaVersion.split('.').map(Number)
  const isNewEnough = major * 1e6 + minor * 1e3 + patch >= 2_006_001
  if (isNewEnough || !access.login?.mechanism.startsWith('SCRAM')) return
  throw new LarderError(
    'RT_SETTINGS_INVALID',
    `Current brokers refuse the ${access.login.mechanism} of librdkafka ${librdkafkaVersion}: run npm run setup:kafka -- --bundled for a newer one, or set messageLog.mechanism to PLAIN (with messageLog.tls on).`,
  )
}
