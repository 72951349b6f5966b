import { Option, type Command } from 'commander'
import { deadLetterReasons } from '../domain/index.ts'
import { eachItem } from './connection.ts'
import { print, withConnection, withPlace, type PlaceOptions } from './with-connection.ts'

interface LetterView {
  readonly id: string
  readonly topic: string
  readonly receivedAt: string
  readonly reason: string
  readonly words: string
  readonly payload: string
  readonly text: string | null
  readonly replayedAt: string | null
}
interface CountView {
  readonly reason: string
  readonly open: number
  readonly replayed: number
}
type Options = PlaceOptions & { readonly json?: true; readonly reason?: string }

/** `larder dead-letters list | show ID | replay [--reason R]` */
export function registerDeadLetters(program: Command): void {
  const letters = program
    .command('dead-letters')
    .description('Messages that could not be read: why, their exact bytes, and another try.')
  const reason = (): Option =>
    new Option('--reason <reason>', 'of one reason only').choices([...deadLetterReasons])

  withPlace(letters.command('list'))
    .description('List the dead letters, newest first.')
    .addOption(reason())
    .option('--json', 'a JSON object a line')
    .addHelpText('after', '\nExample:\n  larder dead-letters list --reason not-json')
    .action((options: Options) =>
      withConnection(options, async (connection) => {
        const query = { type: options.reason, limit: 1000 }
        for await (const letter of eachItem<LetterView>(connection, '/v1/dead-letters', query))
          await print(
            options.json
              ? JSON.stringify(letter)
              : `${letter.id}  ${letter.receivedAt}  ${letter.topic}  ${letter.reason}${letter.replayedAt === null ? '' : '  (replayed)'}`,
          )
      }),
    )

  withPlace(letters.command('count'))
    .description('How many there are, by reason.')
    .option('--json', 'a JSON object a line')
    .addHelpText('after', '\nExample:\n  larder dead-letters count')
    .action((options: Options) =>
      withConnection(options, async ({ request }) => {
        const { items } = await request<{ items: readonly CountView[] }>(
          'GET',
          '/v1/dead-letters/counts',
        )
        for (const count of items)
          await print(
            options.json
              ? JSON.stringify(count)
              : `${count.reason}  ${count.open} to read, ${count.replayed} replayed`,
          )
      }),
    )

  withPlace(letters.command('show <id>'))
    .description('Show one with its bytes: payload as base64, text where they are UTF-8.')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  larder dead-letters show 0.1234 --json')
    .action(async (id: string, options: Options) => {
      const letter = await withConnection(options, ({ request }) =>
        request<LetterView>('GET', `/v1/dead-letters/${encodeURIComponent(id)}`),
      )
      await print(
        options.json
          ? JSON.stringify(letter)
          : `topic     ${letter.topic}\nreceived  ${letter.receivedAt}\nreason    ${letter.reason}: ${letter.words}\nreplayed  ${letter.replayedAt ?? 'no'}\nbase64    ${letter.payload}\ntext      ${letter.text ?? '(not UTF-8)'}`,
      )
    })

  withPlace(letters.command('replay'))
    .description('Read them again with the decoders of now; what can be read is stored once.')
    .addOption(reason())
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  larder dead-letters replay --reason not-json')
    .action(async (options: Options) => {
      const result = await withConnection(options, ({ request }) =>
        request<{ replayed: number; stillBad: number }>(
          'POST',
          '/v1/dead-letters/replay',
          options.reason === undefined ? {} : { reason: options.reason },
        ),
      )
      await print(
        options.json
          ? JSON.stringify(result)
          : `${result.replayed} stored; ${result.stillBad} still cannot be read.`,
      )
    })
}
