import { Option, type Command } from 'commander'
import { formatTable } from '../runtime/index.ts'
import { eachItem, type Connection } from './connection.ts'
import { print, withConnection, withPlace, type PlaceOptions } from './with-connection.ts'

type Options = PlaceOptions & { readonly json?: true }
interface ModelView {
  readonly version: string
  readonly target: string
  readonly label: string
  readonly state: string
  readonly stateSince: string
  readonly servedUntil: string | null
  readonly reason: string
  readonly trainedAt: string
  readonly historyFrom: string
  readonly historyUntil: string
  readonly seed: number
  readonly codeVersion: string
  readonly scores: Readonly<Record<string, number>>
}
interface ScoreView {
  readonly target: string
  readonly model: string
  readonly site: string | null
  readonly day: string | null
  readonly windows: number
  readonly censored: number
  readonly wql: number | null
  readonly wape: number | null
  readonly wpe: number | null
  readonly below10: number | null
  readonly below50: number | null
  readonly below90: number | null
}

/** `larder models list | show | scores | promote | shadow | stand-by | rollback` */
export function registerModelRegistry(models: Command): void {
  const command = (text: string, description: string, example: string): Command =>
    withPlace(models.command(text))
      .description(description)
      .option('--json', 'as JSON')
      .addHelpText('after', `\nExample:\n  ${example}`)
  const target = (): Option =>
    new Option('--target <what>', 'of which forecasts').choices(['demand', 'footfall'])

  command(
    'list',
    'Trained versions: which serves since when, and why.',
    'larder models list --target demand',
  )
    .addOption(target())
    .action((options: Options & { target?: string }) =>
      withConnection(options, async (connection) => {
        const query = { type: options.target }
        for await (const model of eachItem<ModelView>(connection, '/v1/models', query))
          await print(options.json ? JSON.stringify(model) : describe(model))
      }),
    )

  command(
    'show <version>',
    'All of one version, with the report of its last days before it had seen them.',
    'larder models show demand-20261122-1f2e3d4c',
  ).action((version: string, options: Options) =>
    withConnection(options, async ({ request }) => {
      const path = `/v1/models/${encodeURIComponent(version)}`
      const model = await request<ModelView>('GET', path)
      const card = await request<{ report: object; words: string }>('GET', `${path}/report`).catch(
        () => null,
      )
      if (options.json) return print(JSON.stringify({ ...model, report: card?.report ?? null }))
      const { historyFrom, historyUntil, seed, codeVersion } = model
      await print(
        `${describe(model)}\n  learnt from ${historyFrom} to ${historyUntil}, seed ${seed}, by Larder ${codeVersion}\n\n${card?.words ?? 'It has no report.'}`,
      )
    }),
  )

  command(
    'scores',
    'How every forecaster did, as hours completed.',
    'larder models scores --by day --from 2026-11-16',
  )
    .addOption(target())
    .addOption(
      new Option('--by <what>', 'a row for each')
        .choices(['model', 'site', 'day'])
        .default('model'),
    )
    .option('--site <site>', 'of one site')
    .option('--from <day>', 'first day, e.g. 2026-11-16')
    .option('--to <day>', 'last day, inclusive')
    .action(
      (options: Options & Partial<Record<'target' | 'by' | 'site' | 'from' | 'to', string>>) =>
        withConnection(options, async (connection) => {
          const { target, by, site, from, to } = options
          const query = { target, by, site, from, to }
          const rows: ScoreView[] = []
          for await (const row of eachItem<ScoreView>(connection, '/v1/models/scores', query)) {
            if (options.json) await print(JSON.stringify(row))
            else rows.push(row)
          }
          if (!options.json) await print(scoreTable(rows))
        }),
    )

  for (const [name, step, description] of [
    ['promote', 'serve', 'Let a version serve, whatever its scores.'],
    ['shadow', 'shadow', 'Let a version forecast in the shadow, to be scored beside the serving.'],
    ['stand-by', 'stand-by', 'Take a version out of use; where it served, a baseline serves.'],
  ] as const)
    command(
      `${name} <version>`,
      description,
      `larder models ${name} demand-20261122-1f2e3d4c`,
    ).action((version: string, options: Options) =>
      change(options, `/v1/models/${encodeURIComponent(version)}/${step}`, {}),
    )

  command(
    'rollback',
    'Let the version serve that served before this one, in one step.',
    'larder models rollback --target demand',
  )
    .addOption(target().default('demand'))
    .action((options: Options & { target: string }) =>
      change(options, '/v1/models/rollback', { target: options.target }),
    )
}

function change(options: Options, path: string, body: object): Promise<void> {
  return withConnection(options, async ({ request }: Connection) => {
    const model = await request<ModelView>('POST', path, body)
    await print(options.json ? JSON.stringify(model) : describe(model))
  })
}

function describe(model: ModelView): string {
  const { version, label, state, stateSince, reason, scores } = model
  const best = Object.entries(scores)
    .filter(([name]) => name !== 'model')
    .sort(([, a], [, b]) => a - b)[0]
  const wql = scores.model === undefined ? '' : `, WQL ${scores.model.toFixed(4)}`
  const beside = best ? ` (best other: ${best[0]} ${best[1].toFixed(4)})` : ''
  return `${version}  ${state} since ${stateSince}, ${label}${wql}${beside}\n  ${reason}`
}

function scoreTable(rows: readonly ScoreView[]): string {
  if (rows.length === 0) return 'No forecast is 12 hours old yet.'
  const figure = (value: number | null, digits = 3): string => value?.toFixed(digits) ?? '-'
  const cells = rows.map((row) => [
    [row.target, row.model, row.site ?? row.day ?? ''].join(' ').trim(),
    String(row.windows),
    String(row.censored),
    figure(row.wql, 4),
    figure(row.wape),
    row.wpe === null ? '-' : `${(100 * row.wpe).toFixed(1)} %`,
    [row.below10, row.below50, row.below90].map((share) => figure(share, 2)).join('/'),
  ])
  const heading = ['', 'windows', 'left out', 'WQL', 'WAPE', 'WPE', 'below .1/.5/.9']
  return formatTable(heading, cells)
}
