import { afterAll, beforeAll, expect, test } from 'vitest'
import { documentOf } from '../test/api/answers.ts'
import { createTestApi, type TestApi } from '../test/api/test-api.ts'

let api: TestApi
const routes: { method: string; url: string }[] = []
beforeAll(async () => {
  api = await createTestApi()
  // Out of the router itself, so that a route without a description is seen. It prints a tree, four characters a step.
  const branch: string[] = []
  for (const line of api.app.printRoutes({ commonPrefix: false }).split('\n')) {
    const [, indent = '', part, methods = ''] =
      /^(.*?)([^\s─│└├]\S*) \(([A-Z, ]+)\)/.exec(line) ?? []
    if (part === undefined) continue
    branch.length = Math.floor(indent.length / 4) - 1
    branch.push(part)
    // Two routes may name one place differently: `:id|:site`.
    const url = branch.join('').replace(':id|:site/', ':site/').replace(':id|:site', ':id')
    for (const method of methods.split(', ')) routes.push({ method, url })
  }
})
afterAll(() => api.close())

test('the document is OpenAPI 3.1 and every reference in it leads somewhere', async () => {
  const answer = await api.app.inject({ url: '/openapi.json' })
  const document = answer.json<{ openapi: string; components: { schemas: object } }>()
  expect(document.openapi).toBe('3.1.0')
  const references = answer.body.match(/"#\/components\/schemas\/[^"]+"/g) ?? []
  const known = Object.keys(document.components.schemas)
  for (const reference of new Set(references))
    expect(known).toContain(reference.slice('"#/components/schemas/'.length, -1))
  expect(references.length).toBeGreaterThan(50)
})

test('every route is in it, with a summary, tags, parameters and problems', () => {
  const { paths } = documentOf(api.app)
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ path, method, operation })),
  )
  for (const { path, method, operation } of described) {
    expect([path, method, operation.summary]).toEqual([path, method, expect.any(String)])
    expect(operation.tags).toHaveLength(1)
    expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['4XX', '5XX']))
  }
  const hidden = /^\/(docs.*|openapi\.json|\*)?$/
  const missing = routes.filter(
    ({ method, url }) =>
      !hidden.test(url) &&
      paths[url.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()] === undefined,
  )
  expect(missing).toEqual([])
  expect(described.length).toBeGreaterThan(50)
})

test('the rows of the command line contract are there', () => {
  const { paths } = documentOf(api.app)
  const lists =
    'sites products planograms lanes staff devices stock forecasts transfers slots bookings release-tasks alarms'
  for (const name of lists.split(' ')) {
    expect(paths[`/v1/${name}`]?.get).toBeDefined()
    expect(paths[`/v1/${name}/{id}`]?.get).toBeDefined()
  }
})

test('the page loads nothing from elsewhere', async () => {
  const page = await api.app.inject({ url: '/docs' })
  expect(page.statusCode).toBe(200)
  expect(page.body).not.toMatch(/(src|href)="https?:/)
  expect(page.headers['content-security-policy']).not.toMatch(/https:|upgrade-insecure/)
  const script = /src="\.?(\/?[^"]*swagger-initializer\.js)"/.exec(page.body)?.[1] ?? ''
  const address = script.startsWith('/') ? script : `/docs/${script}`
  expect((await api.app.inject({ url: address })).statusCode).toBe(200)
})

test('health, readiness, metrics, clock and status answer as described', async () => {
  for (const url of ['/health', '/ready', '/metrics', '/v1/clock', '/v1/status', '/v1/session'])
    expect([url, (await api.ask('GET', url)).statusCode]).toEqual([url, 200])
})

test('an address that is none is a 404 problem', async () => {
  const answer = await api.app.inject({ url: '/v1/nothing' })
  expect([answer.statusCode, answer.json()]).toMatchObject([404, { code: 'RT_NOT_FOUND' }])
})
