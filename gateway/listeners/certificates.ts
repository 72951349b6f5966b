import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { Settings } from '../../config/index.ts'
import { errorMessage, LarderError } from '../../domain/index.ts'

export type TlsSettings = Pick<
  Settings['mqtt'],
  'tlsCert' | 'tlsKey' | 'tlsClientCa' | 'tlsClientCrl' | 'tlsClientCertificates'
>
type TlsFile = 'tlsCert' | 'tlsKey' | 'tlsClientCa' | 'tlsClientCrl'

/** Contents of the files that the settings name; absent where none is named. */
export type TlsFiles = Readonly<Partial<Record<TlsFile, string>>>

/** A certificate whose end matters: the gateway's own, or one that signs those of devices. */
export interface WatchedCertificate {
  /** `The certificate mqtt.tlsCert (CN=hub)` */
  readonly words: string
  readonly fingerprint: string
  readonly startsAt: number
  readonly endsAt: number
}

export interface CheckedTls {
  readonly options: SecureContextOptions
  /** The gateway's own first. */
  readonly certificates: readonly [WatchedCertificate, ...WatchedCertificate[]]
}

const names: readonly TlsFile[] = ['tlsCert', 'tlsKey', 'tlsClientCa', 'tlsClientCrl']
const pem = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]+-----END (?:TRUSTED )?CERTIFICATE-----/g

const invalid = (message: string): LarderError => new LarderError('RT_SETTINGS_INVALID', message)

/** Settings that cannot go together are said before a file is read. */
export function checkTlsSettings(settings: TlsSettings): void {
  const { tlsCert, tlsKey, tlsClientCa, tlsClientCrl, tlsClientCertificates } = settings
  if (tlsCert === '') {
    const others = names.filter((name) => settings[name] !== '').map((name) => `mqtt.${name}`)
    if (tlsClientCertificates !== 'none') others.push('mqtt.tlsClientCertificates')
    if (others.length === 0) return
    throw invalid(
      `${others.join(', ')} ${others.length === 1 ? 'is' : 'are'} set but mqtt.tlsCert is not, so nothing listens with TLS. Name the PEM file of the gateway's certificate in mqtt.tlsCert.`,
    )
  }
  if (tlsKey === '')
    throw invalid(
      'mqtt.tlsCert is set but mqtt.tlsKey is not. Name the PEM file of the private key that the certificate was made with.',
    )
  if (tlsClientCertificates === 'none') {
    if (tlsClientCa !== '' || tlsClientCrl !== '')
      throw invalid(
        'mqtt.tlsClientCa or mqtt.tlsClientCrl is set but mqtt.tlsClientCertificates is none, so no certificate of a device is asked for. Set it to optional or required, or take the files out.',
      )
  } else if (tlsClientCa === '')
    throw invalid(
      `mqtt.tlsClientCertificates is ${tlsClientCertificates} but mqtt.tlsClientCa is not set, so no certificate of a device could be trusted. Name the PEM file of the authority that signs them.`,
    )
}

export async function readTlsFiles(settings: TlsSettings): Promise<TlsFiles> {
  const files: Partial<Record<TlsFile, string>> = {}
  for (const name of names) {
    const path = settings[name]
    if (path === '') continue
    try {
      files[name] = await readFile(path, 'utf8')
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      const why =
        code === 'ENOENT'
          ? 'there is no such file'
          : code === 'EACCES'
            ? 'this user may not read it'
            : errorMessage(cause)
      throw new LarderError(
        'RT_SETTINGS_INVALID',
        `The file ${path} of mqtt.${name} cannot be read: ${why}. Put it there, or mend the path.`,
        { cause },
      )
    }
  }
  return files
}

/** Throws a sentence where the files are not what they should be. That a certificate has ended is not looked at. */
export function checkTlsFiles(files: TlsFiles): CheckedTls {
  const certificates = parse('tlsCert', files.tlsCert ?? '')
  const key = files.tlsKey ?? ''
  if (!certificates[0].checkPrivateKey(parseKey(key)))
    throw invalid(
      'The key in mqtt.tlsKey is not that of the first certificate in mqtt.tlsCert. Take both from one issue; the own certificate stands before those above it.',
    )
  const authorities = files.tlsClientCa === undefined ? [] : parse('tlsClientCa', files.tlsClientCa)
  const options: SecureContextOptions = {
    cert: files.tlsCert,
    key,
    ...(files.tlsClientCa === undefined ? {} : { ca: files.tlsClientCa }),
    ...(files.tlsClientCrl === undefined ? {} : { crl: files.tlsClientCrl }),
    ...policy,
  }
  try {
    createSecureContext(options)
  } catch (cause) {
    const what = /crl/i.test(errorMessage(cause))
      ? 'mqtt.tlsClientCrl holds no revocation list that can be read'
      : 'The TLS library takes mqtt.tlsCert, mqtt.tlsKey and mqtt.tlsClientCa not together'
    throw new LarderError(
      'RT_SETTINGS_INVALID',
      `${what}: ${errorMessage(cause)}. Make the files again, as PEM.`,
      { cause },
    )
  }
  const own = watched('certificate', 'tlsCert', certificates[0])
  return {
    options,
    certificates: [own, ...authorities.map((one) => watched('authority', 'tlsClientCa', one))],
  }
}

/** TLS 1.2 with forward secrecy and authenticated encryption, or 1.3. */
const policy = {
  minVersion: 'TLSv1.2',
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
  ].join(':'),
} as const

function parse(name: TlsFile, text: string): readonly [X509Certificate, ...X509Certificate[]] {
  try {
    const [first, ...more] = (text.match(pem) ?? []).map((one) => new X509Certificate(one))
    if (first) return [first, ...more]
  } catch (cause) {
    throw new LarderError(
      'RT_SETTINGS_INVALID',
      `mqtt.${name} holds a certificate that cannot be read: ${errorMessage(cause)}. Make the file again, as PEM.`,
      { cause },
    )
  }
  throw invalid(
    `mqtt.${name} holds no certificate. It is a PEM file with "-----BEGIN CERTIFICATE-----".`,
  )
}

function parseKey(text: string) {
  try {
    return createPrivateKey(text)
  } catch (cause) {
    const isLocked = (cause as NodeJS.ErrnoException).code === 'ERR_MISSING_PASSPHRASE'
    throw new LarderError(
      'RT_SETTINGS_INVALID',
      isLocked
        ? 'The key in mqtt.tlsKey is locked with a passphrase. Write it without one, readable only by the user that Larder runs as.'
        : 'mqtt.tlsKey holds no private key that can be read. It is a PEM file with "-----BEGIN PRIVATE KEY-----".',
      { cause },
    )
  }
}

function watched(what: string, name: TlsFile, certificate: X509Certificate): WatchedCertificate {
  const subject = certificate.subject.replaceAll('\n', ', ')
  return {
    words: `The ${what} ${subject} of mqtt.${name}`,
    fingerprint: certificate.fingerprint256,
    startsAt: Date.parse(certificate.validFrom),
    endsAt: Date.parse(certificate.validTo),
  }
}
