import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { build } from 'esbuild'

/** Bundles the embedded board to `dist/board`: index.html, and assets whose names change with their content. */
export async function buildBoard(outFolder: string): Promise<void> {
  await rm(outFolder, { recursive: true, force: true })
  const result = await build({
    entryPoints: ['dashboards/board/main.tsx'],
    outdir: join(outFolder, 'assets'),
    entryNames: 'board-[hash]',
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['es2022', 'safari15.4'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    sourcemap: 'linked',
    legalComments: 'linked',
    define: { 'process.env.NODE_ENV': '"production"' },
    metafile: true,
    logLevel: 'warning',
  })
  const assets = Object.keys(result.metafile.outputs).map((path) => basename(path))
  const one = (extension: string) => {
    const found = assets.find((name) => name.endsWith(extension))
    if (found === undefined) throw new Error(`esbuild made no ${extension} file`)
    return `assets/${found}`
  }
  const page = await readFile('dashboards/board/index.html', 'utf8')
  await mkdir(outFolder, { recursive: true })
  await writeFile(
    join(outFolder, 'index.html'),
    page.replace('board.css', one('.css')).replace('board.js', one('.js')),
  )
  await writeFile(
    join(outFolder, 'icon.svg'),
    await readFile('dashboards/board/styles/icon.svg', 'utf8'),
  )
}

await buildBoard('dist/board')
