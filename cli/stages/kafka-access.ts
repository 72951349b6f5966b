import { readSecret, type Settings } from '../../config/index.ts'
import { LarderError } from '../../domain/index.ts'
import type { KafkaAccess } from '../../message-log/index.ts'

type Asked = Pick<
  Settings['messageLog'],
  'tls' | 'ca' | 'cert' | 'key' | 'username' | 'passwordFile' | 'mechanism'
>

/** How the settings say that the brokers are reached. Throws where they would leave out what they ask for. */
export function kafkaAccess(asked: Asked): KafkaAccess {
  const { tls, ca, cert, key, username, passwordFile, mechanism } = asked
  if (!tls && (ca !== '' || cert !== '' || key !== ''))
    throw invalid('it names certificates and does not encrypt: set messageLog.tls to on')
  if ((cert === '') !== (key === ''))
    throw invalid(
      'a certificate and its key go together: set both messageLog.cert and messageLog.key',
    )
  if (username === '' && passwordFile !== '')
    throw invalid('it has a password and nobody who logs in: set messageLog.username')
  if (username !== '' && passwordFile === '')
    throw invalid(
      `${username} logs in without a password: name its file in messageLog.passwordFile`,
    )
  if (username !== '' && mechanism === 'PLAIN' && !tls)
    throw invalid(
      'PLAIN would send the password for all to read: set messageLog.tls to on, or messageLog.mechanism to SCRAM-SHA-512',
    )
  return {
    tls: tls ? { ca, cert, key } : null,
    login:
      username === ''
        ? null
        : { mechanism, username, password: readSecret(passwordFile, 'messageLog.passwordFile') },
  }
}

const invalid = (words: string): LarderError =>
  new LarderError('RT_SETTINGS_INVALID', `The way to Kafka is not whole: ${words}.`)
