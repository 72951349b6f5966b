import { existsSync, readFileSync } from 'node:fs'
import { parse } from 'yaml'
import Value from 'typebox/value'
import type { TObject, TSchema } from 'typebox'
import { errorMessage, LarderError } from '../domain/index.ts'
import { Settings } from './settings.ts'

export interface SettingKey {
  readonly path: string
  readonly env: string
  readonly schema: TSchema & { readonly default?: unknown; readonly description?: string }
}

/** Every key of the schema, in its order. */
export function settingKeys(schema: TObject = Settings, prefix = ''): readonly SettingKey[] {
  return Object.entries(schema.properties).flatMap(([name, child]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`
    return 'properties' in child
      ? settingKeys(child as TObject, path)
      : [
          {
            path,
            env: `LARDER_${path
              .replaceAll(/([A-Z])/g, '_$1')
              .replaceAll('.', '_')
              .toUpperCase()}`,
            schema: child,
          },
        ]
  })
}

/** Of the environment what is named like a setting and is none: most often one letter is wrong. */
export function unknownVariables(
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  // The key of the command line, and where the project's own benches find recordings.
  const known = new Set(['LARDER_KEY', 'LARDER_DATASETS', 'LARDER_PEERS'])
  for (const setting of settingKeys()) known.add(setting.env)
  return Object.keys(env)
    .filter((name) => name.startsWith('LARDER_') && !known.has(name))
    .sort()
}

/** What a flag or the environment says as text, as the schema's type; text that does not fit stays text and fails the check. */
function fromText(text: string, schema: TSchema): unknown {
  const type = (schema as { type?: string }).type
  if (
    (type === 'integer' || type === 'number') &&
    text.trim() !== '' &&
    Number.isFinite(Number(text))
  )
    return Number(text)
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  if (type === 'array') return text === '' ? [] : text.split(',').map((item) => item.trim())
  return text
}

type Tree = Record<string, unknown>

function setPath(tree: Tree, path: string, value: unknown): void {
  const parts = path.split('.')
  const last = parts.pop() ?? path
  let node = tree
  for (const part of parts) node = (node[part] ??= {}) as Tree
  node[last] = value
}

function readPath(tree: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((node, part) => (node as Tree | undefined)?.[part], tree)
}

function allowed(schema: SettingKey['schema']): string {
  const { anyOf, type, minimum, maximum } = schema as {
    anyOf?: { const: string }[]
    type?: string
    minimum?: number
    maximum?: number
  }
  if (anyOf) return anyOf.map((one) => one.const).join(' | ')
  if (minimum !== undefined)
    return `${type === 'integer' ? 'a whole number' : 'a number'} from ${minimum} to ${maximum ?? 'any'}`
  return type === 'boolean' ? 'true | false' : type === 'array' ? 'a list of texts' : 'a text'
}

export interface SettingSources {
  /** Values by key path, as text or as their type. */
  readonly flags: Readonly<Record<string, unknown>>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Path of larder.yaml; null: ./larder.yaml where there is one. */
  readonly file: string | null
  /** By key path, where a command's own default is another than the schema's. */
  readonly defaults?: Readonly<Record<string, unknown>>
}

/** Flag over environment over file over default. All problems come in one RT_SETTINGS_INVALID. */
export function loadSettings(sources: SettingSources): Settings {
  const problems: string[] = []
  const keys = settingKeys()
  const fileTree = readFile(sources.file, problems)
  const tree: Tree = {}
  for (const { path, env, schema } of keys) {
    const flag = sources.flags[path]
    const inEnv = sources.env[env]
    const inFile = readPath(fileTree, path)
    const [value, origin] =
      flag !== undefined
        ? [typeof flag === 'string' ? fromText(flag, schema) : flag, 'the command line']
        : inEnv !== undefined
          ? [fromText(inEnv, schema), env]
          : inFile !== undefined
            ? [inFile, sources.file ?? 'larder.yaml']
            : [sources.defaults?.[path] ?? schema.default, 'the default']
    if (!Value.Check(schema, value)) {
      problems.push(
        `${path} (from ${origin}) is ${JSON.stringify(value)}; allowed: ${allowed(schema)}.`,
      )
    }
    setPath(tree, path, value)
  }
  problems.push(...unknownKeys(fileTree, keys))
  if (problems.length > 0) {
    throw new LarderError(
      'RT_SETTINGS_INVALID',
      `The settings have ${problems.length} problem(s):\n  ${problems.join('\n  ')}\nSee "larder settings describe".`,
    )
  }
  return tree as unknown as Settings
}

function readFile(file: string | null, problems: string[]): unknown {
  const path = file ?? 'larder.yaml'
  if (file === null && !existsSync(path)) return {}
  try {
    const tree: unknown = parse(readFileSync(path, 'utf8')) ?? {}
    if (typeof tree !== 'object' || Array.isArray(tree))
      throw new LarderError('RT_SETTINGS_INVALID', 'it is not a mapping of keys')
    return tree
  } catch (error) {
    problems.push(
      `The settings file ${path} cannot be read: ${errorMessage(error).split('\n')[0] ?? ''}`,
    )
    return {}
  }
}

function unknownKeys(tree: unknown, keys: readonly SettingKey[], prefix = ''): readonly string[] {
  return Object.entries(tree as Tree).flatMap(([name, value]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`
    if (keys.some((key) => key.path === path)) return []
    const isSection = keys.some((key) => key.path.startsWith(`${path}.`))
    if (isSection && typeof value === 'object' && value !== null)
      return unknownKeys(value, keys, path)
    return [`${path} is not a setting.`]
  })
}
