import { execFile } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const planted = join(root, 'config/planted-import.ts')
afterEach(() => rmSync(planted, { force: true }))

async function violations(): Promise<string> {
  return promisify(execFile)(
    process.execPath,
    [
      join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs'),
      '--config',
      '.dependency-cruiser.cjs',
      'config',
    ],
    { cwd: root },
  ).then(
    () => '',
    (error: unknown) => (error as { stdout: string }).stdout,
  )
}

test.each([
  [
    'a folder imports beyond its row',
    "export * from '../runtime/index.ts'\n",
    'config-imports-only-its-row',
  ],
  [
    'a folder is entered beside its front door',
    "export * from '../domain/clock.ts'\n",
    'front-door-only',
  ],
  [
    'a dev package is used in production',
    "export * from 'fast-check'\n",
    'no-dev-package-in-production',
  ],
])('the boundary check turns red when %s', async (_, source, rule) => {
  writeFileSync(planted, source)
  expect(await violations()).toContain(rule)
})
