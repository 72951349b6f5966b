import { writeFile } from 'node:fs/promises'
import { dayMs, hourMs, LarderError } from '../domain/index.ts'

/** These hours of each day from `from` to `until` (epoch ms, inclusive). */
export function originsOf(options: {
  readonly from: number
  readonly until: number
  readonly hours: readonly number[]
}): readonly number[] {
  const origins: number[] = []
  for (let at = options.from; at <= options.until; at += dayMs) {
    for (const hour of options.hours) origins.push(at + hour * hourMs)
  }
  return origins
}

/** In words to the terminal, and as JSON into a file where one is named; an error where nothing could be scored. */
export async function showReport<R extends { readonly windows: number }>(
  report: R,
  describe: (report: R) => string,
  json: string | undefined,
): Promise<void> {
  if (report.windows === 0) {
    throw new LarderError(
      'RT_NO_HISTORY',
      'No 12 hours in stock follow any of these origins. Check --from and --until against the days of the file.',
    )
  }
  if (json !== undefined) await writeFile(json, `${JSON.stringify(report, null, 1)}\n`)
  process.stdout.write(describe(report))
}
