import type { TLSSocket } from 'node:tls'
import type { Settings } from '../../config/index.ts'

/** The names that a trusted certificate of a device gives it. */
export type CertificateNames = readonly string[]

export type CertificateRefusal =
  | 'certificate-missing'
  | 'certificate-expired'
  | 'certificate-not-yet-valid'
  | 'certificate-revoked'
  | 'certificate-unknown-ca'
  | 'certificate-wrong-purpose'
  | 'certificate-invalid'
  | 'revocation-list-unusable'

/** What OpenSSL found (X509_verify_cert_error_string), as a reason to count. */
const refusals: Readonly<Record<string, CertificateRefusal>> = {
  CERT_HAS_EXPIRED: 'certificate-expired',
  CERT_NOT_YET_VALID: 'certificate-not-yet-valid',
  CERT_REVOKED: 'certificate-revoked',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate-unknown-ca',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate-unknown-ca',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate-unknown-ca',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate-unknown-ca',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate-unknown-ca',
  CERT_SIGNATURE_FAILURE: 'certificate-unknown-ca',
  INVALID_CA: 'certificate-unknown-ca',
  INVALID_PURPOSE: 'certificate-wrong-purpose',
  CRL_HAS_EXPIRED: 'revocation-list-unusable',
  CRL_NOT_YET_VALID: 'revocation-list-unusable',
  CRL_SIGNATURE_FAILURE: 'revocation-list-unusable',
  UNABLE_TO_GET_CRL: 'revocation-list-unusable',
  UNABLE_TO_GET_CRL_ISSUER: 'revocation-list-unusable',
}

/** The names of the peer's certificate, null where it has none and needs none, or why it is not let in. */
export function judgeClientCertificate(
  socket: TLSSocket,
  wanted: Settings['mqtt']['tlsClientCertificates'],
): { readonly names: CertificateNames | null } | { readonly refused: CertificateRefusal } {
  if (wanted === 'none') return { names: null }
  // Not told by `authorized`, which a session taken up again without its certificate has too.
  const { subject, subjectaltname } = socket.getPeerCertificate() as Partial<
    ReturnType<TLSSocket['getPeerCertificate']>
  >
  if (subject === undefined)
    return wanted === 'required' ? { refused: 'certificate-missing' } : { names: null }
  if (!socket.authorized)
    return { refused: refusals[String(socket.authorizationError)] ?? 'certificate-invalid' }
  return { names: namesOf(subject.CN, subjectaltname) }
}

/** The common name, and the alternative name where there is exactly one: of several, any might be meant. */
export function namesOf(commonName: unknown, alternatives: string | undefined): CertificateNames {
  const single = /^(?:DNS|URI):([A-Za-z0-9_.-]+)$/.exec(alternatives ?? '')?.[1]
  return [
    ...(typeof commonName === 'string' ? [commonName] : []),
    ...(single === undefined ? [] : [single]),
  ]
}
