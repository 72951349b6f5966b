import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { loadSettings, settingKeys } from '../config/index.ts'

/** No engine runs where the tests run: what can be read out of the files is held against the software. */
const root = join(import.meta.dirname, '..')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
interface Service {
  readonly image: string
  readonly build?: string
  readonly command?: readonly string[]
  readonly restart?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly secrets?: readonly string[]
  readonly volumes?: readonly string[]
  readonly ports?: readonly string[]
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly deploy?: {
    readonly replicas?: number
    readonly resources?: { readonly limits?: { readonly memory?: string; readonly cpus?: string } }
  }
}
const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>
  readonly secrets: Readonly<Record<string, { readonly file?: string }>>
  readonly volumes: Readonly<Record<string, unknown>>
}
const services = Object.entries(compose.services)
const ours = services.filter(([, { build }]) => build !== undefined)

test('every stage and every server of the distributed form is there, ingest twice', () => {
  expect(services.map(([name]) => name).sort()).toEqual(
    [
      ...['gateway', 'ingest', 'models', 'planner', 'api', 'firmware-sim'],
      ...['kafka', 'influxdb', 'postgres', 'grafana'],
    ].sort(),
  )
  expect(compose.services.ingest!.deploy!.replicas).toBe(2)
})

test('every setting that is named is one of the schema, and the settings load', () => {
  const known = settingKeys().map(({ env }) => env)
  for (const [name, { environment = {} }] of ours) {
    const named = Object.keys(environment).filter((key) => key.startsWith('LARDER_'))
    expect(
      named.filter((key) => !known.includes(key)),
      name,
    ).toEqual([])
    expect(() => loadSettings({ flags: {}, env: environment, file: null })).not.toThrow()
  }
  const inImage = [...read('Dockerfile').matchAll(/\b(LARDER_[A-Z_]+)=/g)].map(([, key]) => key)
  expect(inImage.filter((key) => !known.includes(key!))).toEqual([])
})

test('every command is one of the command line', () => {
  const help = read('cli/stages.ts') + read('cli/gateway.ts') + read('cli/models.ts')
  for (const [name, { command = [] }] of ours) {
    const word = command.find((part, i) => i === command.length - 1 || !part.startsWith('--'))!
    const last = command[0] === 'models' ? command[1]! : word
    expect(help.includes(`'${last}'`), `${name}: ${command.join(' ')}`).toBe(true)
    for (const flag of command.filter((part) => part.startsWith('--')))
      expect(help, name).toContain(flag.split('=')[0])
  }
})

test('who waits for another waits for its health, and every service has one, limits and a restart', () => {
  for (const [name, service] of services) {
    expect(service.healthcheck?.test, name).toBeDefined()
    expect(service.restart, name).toBe('unless-stopped')
    expect(service.deploy?.resources?.limits?.memory, name).toBeDefined()
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      expect(condition).toBe('service_healthy')
      expect(compose.services[other]?.healthcheck, other).toBeDefined()
    }
  }
})

test('images are pinned to a version, and nothing is published beyond loopback', () => {
  const images = services.map(([, { image }]) => image)
  const bases = [...read('Dockerfile').matchAll(/^FROM (\S+)/gm)].map(([, image]) => image!)
  for (const image of [...images, ...bases]) expect(image).toMatch(/:\d+\.\d+(\.\d+)?(-\w+)*$/)
  for (const [, { ports = [] }] of services)
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/)
})

test('a secret comes by file only, and each is one that "npm run secrets" makes', () => {
  const made = read('scripts/secrets.ts')
  for (const [name, { file }] of Object.entries(compose.secrets)) {
    expect(file).toBe(`./secrets/${name}`)
    expect(made).toContain(`'${name}'`)
  }
  for (const [name, { environment = {}, secrets = [] }] of services) {
    for (const secret of secrets) expect(compose.secrets, name).toHaveProperty(secret)
    for (const [key, value] of Object.entries(environment)) {
      if (/PASSWORD|TOKEN|SECRET|_KEY/.test(key)) expect(value, key).toMatch(/^\/run\/secrets\//)
      if (value.startsWith('/run/secrets/'))
        expect(secrets, `${name} ${key}`).toContain(value.slice('/run/secrets/'.length))
      expect(value, key).not.toMatch(/:\/\/[^/@:]*:[^@]*@/)
    }
  }
})

test('every file that is mounted is here, and every volume is declared', () => {
  for (const [name, { volumes = [] }] of services)
    for (const volume of volumes) {
      const source = volume.split(':')[0]!
      if (source.startsWith('./')) expect(existsSync(join(root, source)), volume).toBe(true)
      else expect(Object.keys(compose.volumes), name).toContain(source)
    }
})

test('Grafana is given the two data sources that its board asks for, and the board', () => {
  const folder = 'deploy/grafana/provisioning'
  const { datasources } = parse(read(`${folder}/datasources/larder.yaml`)) as {
    readonly datasources: readonly {
      readonly type: string
      readonly url: string
      readonly jsonData: Readonly<Record<string, unknown>>
      readonly secureJsonData: Readonly<Record<string, string>>
    }[]
  }
  const board = JSON.parse(read('dashboards/grafana/larder-operations.json')) as {
    readonly templating: { readonly list: readonly { readonly type: string; query: string }[] }
  }
  const asked = board.templating.list.filter(({ type }) => type === 'datasource')
  expect(datasources.map(({ type }) => type).sort()).toEqual(asked.map(({ query }) => query).sort())
  const grafana = compose.services.grafana!
  const settings = compose.services.api!.environment!
  for (const { url, type, jsonData, secureJsonData } of datasources) {
    const host = url.replace(/^\w+:\/\//, '').split(':')[0]!
    expect(grafana.depends_on, url).toHaveProperty(host)
    for (const value of Object.values(secureJsonData)) {
      const name = /^\$__file\{\/run\/secrets\/([\w-]+)\}$/.exec(value)?.[1]
      expect(grafana.secrets).toContain(name)
    }
    if (type === 'influxdb')
      expect(jsonData).toMatchObject({
        version: 'Flux',
        organization: settings.LARDER_SERIES_ORG,
        defaultBucket: settings.LARDER_SERIES_BUCKET,
      })
  }
  const { providers } = parse(read(`${folder}/dashboards/larder.yaml`)) as {
    readonly providers: readonly { readonly options: { readonly path: string } }[]
  }
  const mounted = grafana.volumes!.map((volume) => volume.split(':')[1]!)
  for (const { options } of providers)
    expect(mounted.some((path) => path.startsWith(`${options.path}/`))).toBe(true)
})

test('the image keeps its own version', () => {
  const { version } = JSON.parse(read('package.json')) as { readonly version: string }
  for (const [name, { image }] of ours) expect(image, name).toBe(`larder:${version}`)
})
