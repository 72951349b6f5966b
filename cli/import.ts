import { createReadStream, statSync } from 'node:fs'
import type { Command } from 'commander'
import { LarderError } from '../domain/index.ts'
import { print, withConnection, withPlace, type PlaceOptions } from './with-connection.ts'

interface ImportAnswer {
  readonly kind: string
  readonly accepted: number
  readonly rejected: number
  readonly problems: readonly { readonly line: number; readonly words: string }[]
}

/** `larder import FILE.csv [--kind K]` */
export function registerImport(program: Command): void {
  withPlace(program.command('import <file>'))
    .description('Import master data, stock or history from CSV; the header tells which.')
    .option('--kind <kind>', 'where the header fits more than one')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `\nHeaders:
  sites        id,name,kind,timeZone,…          products     id,name,tempClass,shortageCost,overageCost,…
  planograms   id,site,product,device,…         lanes        id,from,to,minutesP50,…
  staff        id,site,start,end,people,…       stock        site,product,units
  sales        site,product,at,units,outOfStockMinutes (hourly)
  footfall     site,at,in,out (hourly)          temperatures site,device,at,celsius

Example:
  larder import sales.csv --data ./data`,
    )
    .action(async (file: string, options: PlaceOptions & { kind?: string; json?: true }) => {
      requireFile(file)
      const search =
        options.kind === undefined
          ? ''
          : `?${new URLSearchParams({ kind: options.kind }).toString()}`
      const answer = await withConnection({ ...options, mayCreate: true }, ({ request }) =>
        request<ImportAnswer>('POST', `/v1/imports${search}`, createReadStream(file)),
      )
      if (options.json) await print(JSON.stringify(answer))
      else {
        await print(`${answer.kind}: ${answer.accepted} rows taken, ${answer.rejected} not.`)
        for (const { line, words } of answer.problems) await print(`  line ${line}: ${words}`)
      }
      if (answer.rejected > 0) process.exitCode = 1
    })
}

function requireFile(file: string): void {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true)
    throw new LarderError('RT_FILE_UNREADABLE', `There is no file ${file} that can be read.`)
}
