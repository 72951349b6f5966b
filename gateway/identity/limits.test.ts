import { describe, expect, it } from 'vitest'
import { hashPassword, type Credential } from '../../domain/index.ts'
import { createMemoryDeviceRegistry } from '../../test/support/memory-device-registry.ts'
import { createJoinLimits } from './join-limits.ts'
import { createLoginDelay } from './login-delay.ts'
import { createPasswordCheck } from './password-check.ts'

describe('a join credential', () => {
  const open = (joinDevices = 2, unregistered: string[] = []) => {
    let now = 0
    const limits = createJoinLimits({
      settings: { joinPerSecond: 2, joinDevices },
      registry: {
        ...createMemoryDeviceRegistry(),
        unregisteredDevices: () => Promise.resolve(unregistered),
      },
      monotonic: () => now,
    })
    return { limits, unregistered, pass: (ms: number) => (now += ms) }
  }

  it('may do so much in a second, and catches up by five', () => {
    const { limits, pass } = open()
    const taken = (tries: number): number =>
      Array.from({ length: tries }, () => limits.take('s1-join')).filter((no) => no === null).length
    expect(taken(20)).toBe(10)
    pass(1000)
    expect(taken(20)).toBe(2)
    pass(3_600_000)
    expect(taken(20)).toBe(10)
    expect(limits.take('s2-join')).toBeNull()
  })

  it('brings a site so many devices that nobody has adopted', async () => {
    const { limits, unregistered } = open(2, ['old'])
    expect(await limits.admit('s1', 'new')).toBeNull()
    expect(await limits.admit('s1', 'more')).toBe('too-many-unregistered')
    for (const known of ['old', 'new']) expect(await limits.admit('s1', known)).toBeNull()
    unregistered.splice(0, 1, 'new')
    expect(await limits.admit('s1', 'more')).toBeNull()
    expect(await limits.admit('s1', 'yet-more')).toBe('too-many-unregistered')
  })
})

describe('a refused login', () => {
  it('is answered later the more there were from its address, up to 3 s, and that is forgotten', () => {
    let now = 0
    const delay = createLoginDelay(() => now)
    const after = (failures: number): number =>
      Array.from({ length: failures }, () => delay.failed('203.0.113.7')).at(-1)!
    expect(after(20)).toBe(0)
    expect(after(10)).toBe(1000)
    expect(after(100)).toBe(3000)
    expect(delay.failed('203.0.113.8')).toBe(0)
    now += 60_000
    expect(after(20)).toBe(0)
  })
})

describe('a password that a person chose', () => {
  it('is checked slowly, few at a time, and one address leaves room for others', async () => {
    const credential = {
      username: 'anna',
      ...(await hashPassword('correct horse battery')),
    } as Credential
    const check = createPasswordCheck()
    const wrong = Array.from({ length: 12 }, (_, i) => check.check(credential, `wrong ${i}`, 'a'))
    const right = check.check(credential, 'correct horse battery', 'b')
    const answers = await Promise.all(wrong)
    expect(answers.filter((answer) => answer === false)).toHaveLength(2 + 4)
    expect(answers.filter((answer) => answer === 'busy')).toHaveLength(6)
    expect(await right).toBe(true)
    const more = Array.from({ length: 8 }, (_, i) => check.check(credential, `wrong ${i}`, 'a'))
    expect(await check.check(credential, 'correct horse battery', 'a')).toBe(true)
    await Promise.all(more)
  })
})
