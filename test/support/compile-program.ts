import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '../..')

/**
 * A program of test/support as one file of JavaScript that imports the compiled Larder of dist/: its memory, speed and
 * start are then the ones of a Larder that runs, and not those of the TypeScript loader. `npm run build` comes first.
 */
export function compileProgram(name: string): Promise<string> {
  const known = compiled.get(name) ?? compile(name)
  compiled.set(name, known)
  return known
}

const compiled = new Map<string, Promise<string>>()

async function compile(name: string): Promise<string> {
  if (!existsSync(join(root, 'dist/larder.js')))
    throw new Error('dist/ is missing: run "npm run build" first.')
  const outfile = join(root, '.cache/programs', `${name}.mjs`)
  await build({
    entryPoints: [join(root, 'test/support', `${name}.ts`)],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
    plugins: [
      {
        name: 'compiled-larder',
        setup(building) {
          building.onResolve({ filter: /^\.\.\/\.\.\/.*\/index\.ts$/ }, ({ path }) => {
            const compiled = join(root, 'dist', path.slice(6).replace(/\.ts$/, '.js'))
            return { path: pathToFileURL(compiled).href, external: true }
          })
        },
      },
    ],
  })
  return outfile
}
