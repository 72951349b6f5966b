import { dayMs } from '../../domain/index.ts'
import type { Logger } from '../../runtime/index.ts'
import type { WatchedCertificate } from './certificates.ts'

/** Says before a certificate ends, once at each of these many days before, and once when it has. */
const warningDays = [30, 7, 1, 0] as const

export interface CertificateEnds {
  /** Looks at the clock; to be called often. */
  look(certificates: readonly WatchedCertificate[], now: number): void
}

/**
 * Decides by the end of each certificate against the clock it is given, so that a clock that jumps neither repeats nor
 * leaves out a warning, and no timer has to be as long as a certificate lives.
 */
export function createCertificateEnds(logger: Logger): CertificateEnds {
  const told = new Map<string, number>()
  return {
    look(certificates, now) {
      for (const certificate of certificates) {
        const due = warningDays.filter((days) => certificate.endsAt - now <= days * dayMs).at(-1)
        const last = told.get(certificate.fingerprint) ?? Infinity
        if (due === undefined || due >= last) continue
        told.set(certificate.fingerprint, due)
        const words = describeEnd(certificate, now)
        if (due === 0) logger.error(words)
        else logger.warn(words)
      }
      for (const fingerprint of told.keys())
        if (!certificates.some((one) => one.fingerprint === fingerprint)) told.delete(fingerprint)
    },
  }
}

/** What is to be said of certificates that end within the longest warning. */
export function endProblems(
  certificates: readonly WatchedCertificate[],
  now: number,
): readonly string[] {
  return certificates
    .filter(({ endsAt }) => endsAt - now <= warningDays[0] * dayMs)
    .map((certificate) => describeEnd(certificate, now))
}

function describeEnd({ words, endsAt }: WatchedCertificate, now: number): string {
  const day = new Date(endsAt).toISOString().slice(0, 16).replace('T', ' ')
  const days = Math.ceil((endsAt - now) / dayMs)
  const remedy = 'put a new one in its place, Larder takes it without a restart'
  return endsAt <= now
    ? `${words} ended on ${day} UTC: ${remedy}.`
    : `${words} ends in ${days === 1 ? 'a day' : `${days} days`}, on ${day} UTC: ${remedy}.`
}
