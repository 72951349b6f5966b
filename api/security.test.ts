import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApi, ownerKey, simKey, type TestApi } from '../test/api/test-api.ts'

let closed: TestApi
let open: TestApi
beforeAll(async () => {
  closed = await createTestApi()
  open = await createTestApi({ simulated: true })
})
afterAll(async () => {
  await closed.close()
  await open.close()
})

const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` })

describe('keys', () => {
  test('a wrong key is 401 with a code, even where reading needs none', async () => {
    const answer = await open.app.inject({ url: '/v1/sites', headers: bearer('x'.repeat(43)) })
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([
      401,
      'RT_UNAUTHORISED',
    ])
    expect(answer.headers['content-type']).toContain('application/problem+json')
  })

  test("the owner's key reads and writes", async () => {
    const answer = await closed.app.inject({ url: '/v1/sites', headers: bearer(ownerKey) })
    expect(answer.statusCode).toBe(200)
  })

  test("the simulated city's key may receive transfers but decide none", async () => {
    const decide = await closed.app.inject({
      method: 'POST',
      url: '/v1/transfers/t1/approve',
      headers: bearer(simKey),
    })
    const receive = await closed.app.inject({
      method: 'POST',
      url: '/v1/transfers/t1/receive',
      headers: bearer(simKey),
      payload: { lines: [{ product: 'milk', units: 1 }] },
    })
    expect([decide.statusCode, receive.statusCode]).toEqual([403, 404])
  })

  test('nobody writes without a key', async () => {
    const answer = await open.app.inject({ method: 'PUT', url: '/v1/sites/s1', payload: {} })
    expect(answer.statusCode).toBe(401)
  })
})

describe('reading without a key', () => {
  test('is off without the simulated city', async () => {
    expect((await closed.app.inject({ url: '/v1/sites' })).statusCode).toBe(401)
  })

  test('is on with the simulated city on loopback', async () => {
    expect((await open.app.inject({ url: '/v1/sites' })).statusCode).toBe(200)
  })

  test.each(['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'])(
    'is off behind a proxy that sends %s',
    async (name) => {
      const answer = await open.app.inject({ url: '/v1/sites', headers: { [name]: '10.0.0.1' } })
      expect(answer.statusCode).toBe(401)
    },
  )

  test('is off for a peer beyond loopback', async () => {
    const answer = await open.app.inject({ url: '/v1/sites', remoteAddress: '192.0.2.7' })
    expect(answer.statusCode).toBe(401)
  })

  test('health and readiness need no key', async () => {
    const answers = await Promise.all(
      ['/health', '/ready', '/openapi.json'].map((url) => closed.app.inject({ url })),
    )
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200])
  })
})

describe('the Host header', () => {
  test.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '192.0.2.1'])(
    'of another name is refused: %s',
    async (host) => {
      const answer = await open.app.inject({ url: '/v1/sites', headers: { host } })
      expect(answer.statusCode).toBe(403)
    },
  )

  test.each(['localhost:8080', '127.0.0.1:8080', '[::1]:8080', 'LOCALHOST.'])(
    'of this machine is answered: %s',
    async (host) => {
      const answer = await open.app.inject({ url: '/v1/sites', headers: { host } })
      expect(answer.statusCode).toBe(200)
    },
  )
})

describe('the board', () => {
  const login = async (): Promise<{ cookie: string; csrfToken: string }> => {
    const path = closed.api.createLoginPath()
    const answer = await closed.app.inject({ url: path })
    expect(answer.statusCode).toBe(303)
    const set = String(answer.headers['set-cookie'])
    expect(set).toMatch(/HttpOnly/)
    expect(set).toMatch(/SameSite=Strict/)
    const cookie = set.split(';')[0] ?? ''
    const session = await closed.app.inject({ url: '/v1/session', headers: { cookie } })
    expect(session.json()).toMatchObject({ name: 'board', canWrite: true })
    return { cookie, csrfToken: session.json<{ csrfToken: string }>().csrfToken }
  }

  test('opens by a link that works once', async () => {
    const path = closed.api.createLoginPath()
    expect((await closed.app.inject({ url: path })).statusCode).toBe(303)
    expect((await closed.app.inject({ url: path })).statusCode).toBe(401)
  })

  test('a link of ten minutes ago opens nothing', async () => {
    const path = closed.api.createLoginPath()
    await closed.wall.advanceTo(closed.wall.now() + 10 * 60_000)
    expect((await closed.app.inject({ url: path })).statusCode).toBe(401)
  })

  test('writes only with the token of its session', async () => {
    const { cookie, csrfToken } = await login()
    const decide = (headers: Record<string, string>) =>
      closed.app.inject({
        method: 'POST',
        url: '/v1/transfers/t1/approve',
        headers: { cookie, ...headers },
      })
    expect((await decide({})).statusCode).toBe(403)
    expect((await decide({ 'x-csrf-token': 'x'.repeat(43) })).statusCode).toBe(403)
    expect((await decide({ 'x-csrf-token': csrfToken })).statusCode).toBe(404)
  })

  test('a session that was ended reads nothing', async () => {
    const { cookie, csrfToken } = await login()
    const headers = { cookie, 'x-csrf-token': csrfToken }
    expect(
      (await closed.app.inject({ method: 'DELETE', url: '/v1/session', headers })).statusCode,
    ).toBe(204)
    expect((await closed.app.inject({ url: '/v1/sites', headers })).statusCode).toBe(401)
  })
})

test('every answer forbids foreign scripts, frames and sniffing', async () => {
  const { headers } = await closed.app.inject({ url: '/health' })
  expect(headers['content-security-policy']).toContain("default-src 'none'")
  expect(headers['x-content-type-options']).toBe('nosniff')
  expect(headers['access-control-allow-origin']).toBeUndefined()
})
