import { Option, type Command } from 'commander'
import { LarderError, type TopicMapping } from '../domain/index.ts'
import { eachItem } from './connection.ts'
import { print, withConnection, withPlace, type PlaceOptions } from './with-connection.ts'

interface CredentialView {
  readonly username: string
  readonly kind: string
  readonly site: string | null
  readonly revoked: boolean
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
  readonly mappings: readonly TopicMapping[]
}
interface Login extends CredentialView {
  readonly password: string | null
}
type Options = PlaceOptions & { readonly json?: true }
interface Rules {
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
  readonly map: readonly TopicMapping[]
}

const maxPasswordBytes = 1024

/** `larder credentials add | list | rules | rotate | revoke` */
export function registerCredentials(program: Command): void {
  const credentials = program
    .command('credentials')
    .description(
      'Credentials of no single device: for new devices to join, for bridges, and for people and tools.',
    )
  const command = (text: string, description: string, ...examples: string[]): Command =>
    withPlace(credentials.command(text))
      .description(description)
      .option('--json', 'as JSON')
      .addHelpText('after', `\nExamples:\n  ${examples.join('\n  ')}`)

  withRules(
    command(
      'add <username>',
      'Make a credential and print its password, once.',
      'larder credentials add s1-join --kind join --site s1',
      "larder credentials add zigbee --kind bridge --site s1 --map 'zigbee2mqtt/+=s1/{1}'",
      "larder credentials add anna --kind operator --subscribe 'v1/s1/#' --password-stdin < password.txt",
    ),
  )
    .addOption(
      new Option('--kind <kind>', 'what it is for')
        .choices(['join', 'bridge', 'operator'])
        .makeOptionMandatory(),
    )
    .option('--site <site>', 'the site that it speaks for')
    .option('--password-stdin', 'read the password of an operator from standard input')
    .action(
      async (
        username: string,
        options: Options & Rules & { kind: string; site?: string; passwordStdin?: true },
      ) => {
        const { kind, site } = options
        const password = await readPassword(options.passwordStdin)
        const body = { username, kind, ...rulesOf(options), ...password }
        await printLogin(
          await withConnection({ ...options, mayCreate: true }, ({ request }) =>
            request<Login>(
              'POST',
              '/v1/credentials',
              site === undefined ? body : { ...body, site },
            ),
          ),
          options,
        )
      },
    )

  command('list', 'List the credentials, without passwords.', 'larder credentials list').action(
    (options: Options) =>
      withConnection(options, async (connection) => {
        const query = { limit: 1000 }
        for await (const item of eachItem<CredentialView>(connection, '/v1/credentials', query))
          await print(options.json ? JSON.stringify(item) : describe(item))
      }),
  )

  withRules(
    command(
      'rules <username>',
      'Give other rules in place of those it has; they hold at once, for open sessions too.',
      "larder credentials rules anna --subscribe 'v1/s1/#' --publish 'v1/s1/+/command'",
    ),
  ).action(async (username: string, options: Options & Rules) => {
    const changed = await withConnection(options, ({ request }) =>
      request<CredentialView>('PUT', `/v1/credentials/${username}/rules`, rulesOf(options)),
    )
    await print(options.json ? JSON.stringify(changed) : describe(changed))
  })

  command(
    'rotate <username>',
    'Give a new password and print it, once; open sessions stay, the next login needs it.',
    'larder credentials rotate zigbee',
  )
    .option('--password-stdin', 'read the password of an operator from standard input')
    .action(async (username: string, options: Options & { passwordStdin?: true }) => {
      const password = await readPassword(options.passwordStdin)
      await printLogin(
        await withConnection(options, ({ request }) =>
          request<Login>('POST', `/v1/credentials/${username}/rotate`, password),
        ),
        options,
      )
    })

  command(
    'revoke <username>',
    'End a credential, and its open sessions with it.',
    'larder credentials revoke s1-join',
  ).action(async (username: string, options: Options) => {
    const revoked = await withConnection(options, ({ request }) =>
      request<CredentialView>('POST', `/v1/credentials/${username}/revoke`),
    )
    await print(options.json ? JSON.stringify(revoked) : `${username} can no longer log in.`)
  })
}

function withRules(command: Command): Command {
  const collect = (value: string, earlier: readonly string[]): string[] => [...earlier, value]
  return command
    .option('--publish <filter>', 'what it may publish; may be given again', collect, [])
    .option('--subscribe <filter>', 'what it may subscribe to; may be given again', collect, [])
    .option(
      '--map <pattern=site/device>',
      'the device that a topic of a bridge speaks for; {1} is what the first + matched',
      (value: string, earlier: readonly TopicMapping[]) => [...earlier, parseMapping(value)],
      [],
    )
}

function rulesOf({ publish, subscribe, map }: Rules) {
  return { publish, subscribe, mappings: map }
}

function parseMapping(text: string): TopicMapping {
  const [, pattern, site, device] = /^(.+)=([^/=]+)\/([^/=]+)$/.exec(text) ?? []
  if (pattern !== undefined && site !== undefined && device !== undefined)
    return { pattern, site, device }
  throw new LarderError(
    'RT_REQUEST_INVALID',
    `"${text}" is no mapping: write PATTERN=SITE/DEVICE, e.g. 'zigbee2mqtt/+=s1/{1}'.`,
  )
}

/** The first line of standard input. */
async function readPassword(isAsked: true | undefined): Promise<{ password?: string }> {
  if (!isAsked) return {}
  let text = ''
  for await (const chunk of process.stdin) {
    text += String(chunk)
    if (text.length > maxPasswordBytes) break
  }
  return { password: text.split(/\r?\n/)[0] ?? '' }
}

function describe({ username, kind, site, revoked, ...rules }: CredentialView): string {
  const { publish, subscribe, mappings } = rules
  return [
    `${username}  ${kind}  ${site ?? 'any site'}${revoked ? '  revoked' : ''}`,
    ...publish.map((filter) => `  publish    ${filter}`),
    ...subscribe.map((filter) => `  subscribe  ${filter}`),
    ...mappings.map((one) => `  map        ${one.pattern}=${one.site}/${one.device}`),
  ].join('\n')
}

async function printLogin(login: Login, options: Options): Promise<void> {
  if (options.json) {
    await print(JSON.stringify(login))
    return
  }
  await print(describe(login))
  if (login.password !== null)
    await print(
      `  password   ${login.password}\nThe password is shown this once; only a hash of it is kept.`,
    )
}
