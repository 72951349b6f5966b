import type { Command } from 'commander'
import { derivedDevice, parseDevicePath } from '../domain/index.ts'
import { eachItem } from './connection.ts'
import { print, withConnection, withPlace, type PlaceOptions } from './with-connection.ts'

export interface ReadingView {
  readonly site: string
  readonly device: string
  readonly channel: string
  readonly gtin: string | null
  readonly at: string
  readonly receivedAt: string
  readonly value: number
  readonly seq: number
  readonly boot: string
  readonly quality: string
}

interface Options extends PlaceOptions {
  readonly from?: string
  readonly to?: string
  readonly json?: true
}

/** `larder readings SITE/DEVICE[/CHANNEL] [--from T] [--to T] [--json]` */
export function registerReadings(program: Command): void {
  withPlace(program.command('readings <path>'))
    .description('Print the readings of SITE/DEVICE or SITE/DEVICE/CHANNEL, by time.')
    .option('--from <time>', 'from this time on (RFC 3339 with an offset)')
    .option('--to <time>', 'before this time')
    .option('--json', 'a JSON object a line')
    .addHelpText(
      'after',
      '\nExamples:\n  larder readings s1/shelf-001 --json\n  larder readings s1/probe-chilled-1/celsius --from 2026-11-22T09:00:00+08:00',
    )
    .action(async (path: string, options: Options) => {
      const { site, device, channel } = parseDevicePath(path)
      await withConnection(options, async (connection) => {
        const query = {
          ...{ site, device, channel: channel ?? undefined },
          ...{ from: options.from, to: options.to, limit: 10_000 },
        }
        let count = 0
        for await (const reading of eachItem<ReadingView>(connection, '/v1/readings', query)) {
          await print(options.json ? readingLine(reading) : readingWords(reading))
          count++
        }
        if (count > 0) return
        const isKnown = await connection.request('GET', `/v1/devices/${site}/${device}`).then(
          () => true,
          () => device === derivedDevice,
        )
        process.stderr.write(
          isKnown
            ? `Nothing is kept of ${path} in these hours.\n`
            : `No device ${site}/${device} is known: "larder devices list" names those that are.\n`,
        )
      })
    })
}

function readingLine({
  at,
  receivedAt,
  channel,
  value,
  seq,
  boot,
  quality,
  gtin,
}: ReadingView): string {
  return JSON.stringify({
    ...{ at, receivedAt, channel, value, seq, boot, quality },
    ...(gtin === null ? {} : { gtin }),
  })
}

function readingWords({ at, channel, value, quality, gtin }: ReadingView): string {
  return `${at}  ${channel}${gtin === null ? '' : ` ${gtin}`}  ${value}${quality === 'good' ? '' : `  (${quality})`}`
}
