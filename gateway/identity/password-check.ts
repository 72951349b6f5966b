import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { verifyPassword, type Credential } from '../../domain/index.ts'

/** Checks passwords that people chose: slowly on purpose, so few at a time and few that wait. */
export interface PasswordCheck {
  /** `busy` where too many wait already. */
  check(credential: Credential, password: string, address: string): Promise<boolean | 'busy'>
}

/** A check holds 32 MiB and one of the four threads that files are read with. */
const atOnce = 2
const maxWaiting = 32
/** One address, however many it tries, leaves room for the others. */
const maxWaitingOfAddress = 4
const maxRemembered = 1_000

export function createPasswordCheck(): PasswordCheck {
  const salt = randomBytes(16)
  const waiting: { readonly address: string; readonly start: () => void }[] = []
  let running = 0
  /** Right passwords of this process's life: somebody who connects again is not checked slowly again. */
  const remembered = new Map<string, Buffer>()
  const digest = (credential: Credential, password: string): Buffer =>
    createHash('sha256').update(salt).update(credential.hash).update(password).digest()

  const turn = async (address: string): Promise<boolean> => {
    if (running < atOnce) {
      running++
      return true
    }
    const ofAddress = waiting.filter((one) => one.address === address).length
    if (waiting.length >= maxWaiting || ofAddress >= maxWaitingOfAddress) return false
    await new Promise<void>((start) => waiting.push({ address, start }))
    return true
  }

  return {
    async check(credential, password, address) {
      const { username } = credential
      const known = remembered.get(username)
      const given = digest(credential, password)
      if (known && timingSafeEqual(known, given)) return true
      if (!(await turn(address))) return 'busy'
      try {
        const isRight = await verifyPassword(password, credential)
        if (isRight) {
          if (remembered.size >= maxRemembered) remembered.clear()
          remembered.set(username, given)
        }
        return isRight
      } finally {
        const next = waiting.shift()
        if (next) next.start()
        else running--
      }
    },
  }
}
