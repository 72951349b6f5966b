import { Option, type Command } from 'commander'
import { parse } from 'secure-json-parse'
import { deviceKinds, errorMessage, LarderError, parseDevicePath } from '../domain/index.ts'
import { eachItem } from './connection.ts'
import { print, withConnection, withPlace, type PlaceOptions } from './with-connection.ts'

interface Login {
  readonly site: string
  readonly device: string
  readonly kind: string | null
  readonly clientId: string
  readonly username: string
  readonly password: string
}
interface DeviceView {
  readonly site: string
  readonly device: string
  readonly kind: string | null
  readonly status: string
  readonly connection: string
  readonly lastSeenAt: string | null
}
type Options = PlaceOptions & { readonly json?: true }

/** `larder devices add | list | rotate | revoke | adopt | command` */
export function registerDevices(program: Command): void {
  const devices = program
    .command('devices')
    .description('Register devices, and give and take away their passwords.')
  const command = (text: string, description: string, example: string): Command =>
    withPlace(devices.command(text))
      .description(description)
      .option('--json', 'as JSON')
      .addHelpText('after', `\nExample:\n  ${example}`)
  const kind = (): Option =>
    new Option('--kind <kind>', 'what it is').choices([...deviceKinds]).makeOptionMandatory()

  command(
    'add <site/device>',
    'Register a device and print its login, once. The site is made if new.',
    'larder devices add s1/shelf-001 --kind shelf --json',
  )
    .addOption(kind())
    .addOption(
      new Option('--zone <zone>', 'where a probe stands').choices([
        'chilled',
        'frozen',
        'ambient',
        'staging',
      ]),
    )
    .action(async (path: string, options: Options & { kind: string; zone?: string }) => {
      const { site, device } = devicePath(path)
      await withConnection({ ...options, mayCreate: true }, async ({ request }) => {
        const earlier = await request<DeviceView>('GET', `/v1/devices/${site}/${device}`).catch(
          () => null,
        )
        const login = await request<Login>('POST', '/v1/devices', {
          site,
          device,
          kind: options.kind,
          ...(options.zone === undefined ? {} : { zone: options.zone }),
        })
        await printLogin(login, options)
        if (earlier?.status === 'registered')
          process.stderr.write(`${path} was registered already: the password it had has ended.\n`)
      })
    })

  command('list', 'List the devices.', 'larder devices list --site s1')
    .option('--site <site>', 'of one site only')
    .addOption(
      new Option('--status <status>', 'of one status only').choices([
        'registered',
        'unregistered',
        'revoked',
      ]),
    )
    .action((options: Options & { site?: string; status?: string }) =>
      withConnection(options, async (connection) => {
        const query = { site: options.site, status: options.status, limit: 1000 }
        for await (const item of eachItem<DeviceView>(connection, '/v1/devices', query))
          await print(
            options.json
              ? JSON.stringify(item)
              : `${item.site}/${item.device}  ${item.kind ?? 'kind unknown'}  ${item.status}  ${item.connection}  ${item.lastSeenAt ?? 'never seen'}`,
          )
      }),
    )

  command(
    'export',
    'Write the devices of a site, with the hashes of their passwords, for its edge gateway.',
    'larder devices export --site s1 --out s1.json',
  )
    .requiredOption('--site <site>', 'the site')
    .option('--out <file>', 'file to write, for nobody else to read (default: standard output)')
    .action(async (options: Options & { site: string; out?: string }) => {
      const { exportDevices } = await import('./devices-files.ts')
      await exportDevices(options)
    })

  command(
    'import <file>',
    'Register the devices of such a file; their passwords stay what they are.',
    'larder devices import s1.json --data ./edge',
  ).action(async (file: string, options: Options) => {
    const { importDevices } = await import('./devices-files.ts')
    await importDevices(file, options)
  })

  command(
    'rotate <site/device>',
    'Give a device a new password and print it, once; the old one ends.',
    'larder devices rotate s1/shelf-001',
  ).action(async (path: string, options: Options) =>
    printLogin(
      await withConnection(options, ({ request }) =>
        request<Login>('POST', `${address(path)}/rotate`),
      ),
      options,
    ),
  )

  command(
    'revoke <site/device>',
    'End the password of a device; its readings stay.',
    'larder devices revoke s1/shelf-001',
  ).action(async (path: string, options: Options) => {
    const device = await withConnection(options, ({ request }) =>
      request<DeviceView>('POST', `${address(path)}/revoke`),
    )
    await print(options.json ? JSON.stringify(device) : `${path} can no longer log in.`)
  })

  command(
    'adopt <site/device>',
    'Take a device that nobody registered for one of ours, and print its login, once.',
    'larder devices adopt s1/shelf-009 --kind shelf',
  )
    .addOption(kind())
    .action(async (path: string, options: Options & { kind: string }) =>
      printLogin(
        await withConnection(options, ({ request }) =>
          request<Login>('POST', `${address(path)}/adopt`, { kind: options.kind }),
        ),
        options,
      ),
    )

  command(
    'command <site/device> <set>',
    'Queue a command for a device; it is sent until the device answers or it expires.',
    `larder devices command s1/shelf-001 '{"intervalMs":10000}'`,
  ).action(async (path: string, set: string, options: Options) => {
    const queued = await withConnection(options, ({ request }) =>
      request<{ id: string; expiresAt: string }>('POST', `${address(path)}/commands`, {
        set: jsonObject(set),
      }),
    )
    await print(
      options.json
        ? JSON.stringify(queued)
        : `Command ${queued.id} waits for ${path} until ${queued.expiresAt}.`,
    )
  })
}

function devicePath(path: string): { site: string; device: string } {
  const { site, device, channel } = parseDevicePath(path)
  if (channel === null) return { site, device }
  throw new LarderError('RT_REQUEST_INVALID', `"${path}" names a channel; write SITE/DEVICE.`)
}

function address(path: string): string {
  const { site, device } = devicePath(path)
  return `/v1/devices/${site}/${device}`
}

function jsonObject(text: string): object {
  try {
    const value: unknown = parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch (error) {
    throw new LarderError(
      'RT_REQUEST_INVALID',
      `The command is not JSON: ${errorMessage(error)}. Write an object, e.g. '{"intervalMs":10000}'.`,
    )
  }
  throw new LarderError(
    'RT_REQUEST_INVALID',
    `The command is an object, e.g. '{"intervalMs":10000}'.`,
  )
}

async function printLogin(login: Login, options: Options): Promise<void> {
  await print(
    options.json
      ? JSON.stringify(login)
      : `site      ${login.site}\ndevice    ${login.device}\nkind      ${login.kind ?? ''}\nclientId  ${login.clientId}\nusername  ${login.username}\npassword  ${login.password}\nThe password is shown this once; only a hash of it is kept.`,
  )
}
