import { loadSettings, type Settings } from '../../config/index.ts'
import { isName, LarderError } from '../../domain/index.ts'
import { startEdgeGateway, type EdgeGateway } from '../../gateway/main.ts'
import {
  createLogger,
  keepHeapLean,
  openDataFolder,
  stopOnSignal,
  wallClock,
} from '../../runtime/index.ts'
import { mendFolder } from '../folder/mend-folder.ts'

export interface GatewayOptions {
  readonly uplink?: string
  readonly site?: string
  readonly name?: string
  readonly passwordFile?: string
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly data?: string
  readonly mqtt?: string
  readonly http?: string
  readonly config?: string
}

/** A gateway without a hub to forward to is one of the hub itself. */
export const isOfHub = (options: GatewayOptions): boolean => settingsOf(options).uplink.url === ''

function settingsOf(options: GatewayOptions): Settings {
  return loadSettings({
    flags: {
      data: options.data,
      'http.port': options.http,
      'mqtt.port': options.mqtt,
      'gateway.site': options.site,
      'gateway.device': options.name,
      'uplink.url': options.uplink,
      'uplink.passwordFile': options.passwordFile,
      'uplink.ca': options.ca,
      'uplink.cert': options.cert,
      'uplink.key': options.key,
    },
    env: process.env,
    file: options.config ?? null,
  })
}

/** Starts an edge gateway, and answers once it runs; signals and a fatal error stop it. */
export async function run(options: GatewayOptions): Promise<void> {
  keepHeapLean()
  const settings = settingsOf(options)
  checkUplink(settings)
  const logger = createLogger(settings.log.level)
  const folder = openDataFolder(settings.data)
  try {
    for (const words of mendFolder(folder.path, {
      wallAt: wallClock.now(),
      stores: ['operations.db'],
    }))
      logger.warn(words)
    const startedAt = wallClock.now()
    let onFatal: (error: Error) => void = () => undefined
    const edge = await new Promise<EdgeGateway>((started, reject) => {
      onFatal = reject
      startEdgeGateway({ settings, folder, logger, onFatal: (error) => onFatal(error) }).then(
        started,
        reject,
      )
    })
    const guard = stopOnSignal(
      {
        async stop() {
          await edge.stop()
          folder.release()
        },
      },
      { logger, stopWithinMs: 5_000 },
    )
    onFatal = (error) => guard.fail(error)
    folder.writeRunInfo({ pid: process.pid, http: edge.http, mqtt: edge.mqtt, startedAt })
    process.stdout.write(banner(edge, settings))
  } catch (error) {
    folder.release()
    throw error
  }
}

function checkUplink({ uplink, gateway }: Settings): void {
  const url = URL.canParse(uplink.url) ? new URL(uplink.url) : null
  if (!url || !['mqtt:', 'mqtts:'].includes(url.protocol) || url.hostname === '')
    throw wrongUse(`"${uplink.url}" is no address of a hub: write mqtts://HOST:8883.`)
  if (url.username !== '' || url.password !== '')
    throw wrongUse(
      'A password in an address is read by everyone on this machine: use --password-file.',
    )
  if (gateway.site === 'hub' || !isName(gateway.site) || !isName(gateway.device))
    throw wrongUse(
      'Say which site it speaks for and what it is called there: --site SITE --name NAME (letters, digits, - and _), as in "larder devices add SITE/NAME --kind gateway" at the hub.',
    )
  if ((uplink.cert === '') !== (uplink.key === ''))
    throw wrongUse('A certificate needs its key: give both --cert and --key.')
}

const wrongUse = (words: string): LarderError => new LarderError('RT_REQUEST_INVALID', words)

function banner(edge: EdgeGateway, { data, gateway, uplink }: Settings): string {
  return [
    `The gateway ${gateway.site}/${gateway.device} is up.`,
    `  MQTT    ${edge.mqtt}`,
    `  API     ${edge.http}/docs`,
    `  hub     ${uplink.url}`,
    `  data    ${data}`,
    'Ctrl-C stops it.',
    '',
  ].join('\n')
}
