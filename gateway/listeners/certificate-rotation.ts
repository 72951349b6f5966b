import { errorMessage, type Clock } from '../../domain/index.ts'
import type { Logger } from '../../runtime/index.ts'
import { createCertificateEnds, endProblems } from './certificate-ends.ts'
import { checkTlsFiles, type CheckedTls, type TlsFiles } from './certificates.ts'

export interface CertificateRotation {
  current(): CheckedTls
  /** What is wrong with the certificates now, in sentences. */
  problems(): readonly string[]
  stop(): void
}

/**
 * Reads the files again every few seconds, by content, so that a swapped symbolic link is seen too. New ones are taken once
 * two looks found the same and they are in order; else the old ones stay, and that is said.
 */
export function rotateCertificates(deps: {
  readonly files: TlsFiles
  readonly read: () => Promise<TlsFiles>
  readonly wall: Clock
  readonly logger: Logger
  readonly everyMs: number
  readonly onRotated: (checked: CheckedTls) => void
}): CertificateRotation {
  const { wall, logger } = deps
  const ends = createCertificateEnds(logger)
  let checked = checkTlsFiles(deps.files)
  let inUse = fingerprint(deps.files)
  let last = inUse
  let refusal: string | null = null
  let isLooking = false

  const refuse = (words: string): void => {
    if (words !== refusal) logger.error(words)
    refusal = words
  }

  const judge = (files: TlsFiles): void => {
    const next = checkTlsFiles(files)
    const [own] = next.certificates
    if (own.endsAt <= wall.now())
      throw new Error(`${own.words} has ended already. Put one there that has not`)
    if (own.startsAt > wall.now())
      throw new Error(
        `${own.words} is not valid yet. Put one there that is, or set the clock right`,
      )
    deps.onRotated(next)
    checked = next
    logger.info(`${own.words} is used from now on, until ${new Date(own.endsAt).toISOString()}.`)
  }

  const look = async (): Promise<void> => {
    try {
      const files = await deps.read()
      const seen = fingerprint(files)
      const isStable = seen === last
      last = seen
      if (isStable && seen !== inUse) {
        judge(files)
        inUse = seen
      }
      if (seen === inUse) refusal = null
    } catch (error) {
      refuse(
        `The new files of the TLS certificate are not taken, the old ones stay in use: ${errorMessage(error)}`,
      )
    }
    ends.look(checked.certificates, wall.now())
  }

  ends.look(checked.certificates, wall.now())
  const timer = setInterval(() => {
    if (isLooking) return
    isLooking = true
    void look().finally(() => (isLooking = false))
  }, deps.everyMs)
  timer.unref()

  return {
    current: () => checked,
    problems: () => [
      ...endProblems(checked.certificates, wall.now()),
      ...(refusal === null ? [] : [refusal]),
    ],
    stop: () => clearInterval(timer),
  }
}

function fingerprint(files: TlsFiles): string {
  return JSON.stringify(Object.entries(files))
}
