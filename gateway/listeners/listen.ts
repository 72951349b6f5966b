import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Settings } from '../../config/index.ts'
import { LarderError, type Clock } from '../../domain/index.ts'
import { describeSystemError, type Logger, type Registry } from '../../runtime/index.ts'
import type { Admission } from './admission.ts'
import { checkTlsSettings } from './certificates.ts'
import type { CertificateNames } from './client-certificate.ts'
import { isLoopback } from './loopback.ts'
import { createTlsSide, type TlsRefusal } from './tls-side.ts'

/** Connections that wait to be taken: a city that comes back at once must not be told to try again by the system. */
const backlog = 4096

export interface Listeners {
  readonly host: string
  /** 0 where nothing listens there. */
  readonly port: number
  readonly tlsPort: number
  /** What is wrong with the certificates now, in sentences. */
  problems(): readonly string[]
  close(): void
}

/** Listens in the clear, with TLS, or both; sockets of both go through one admission. */
export async function startListeners(deps: {
  readonly settings: Settings['mqtt']
  readonly admission: Admission
  readonly wall: Clock
  readonly logger: Logger
  readonly metrics: Registry
  readonly onRefused: (reason: TlsRefusal) => void
  readonly onSocket: (socket: Socket, names: CertificateNames | null) => void
}): Promise<Listeners> {
  const { settings, admission, onSocket } = deps
  const { host } = settings
  refusePlaintextBeyondLoopback(settings)
  checkTlsSettings(settings)
  const hasTls = settings.tlsCert !== ''
  if (!settings.plaintext && !hasTls)
    throw new LarderError(
      'RT_SETTINGS_INVALID',
      'mqtt.plaintext is off and mqtt.tlsCert is not set, so no device could connect. Set one of them.',
    )
  const tls = hasTls ? await createTlsSide({ ...deps, onSecure: onSocket }) : null
  const servers: Server[] = []
  const close = (): void => {
    for (const server of servers) server.close()
    tls?.stop()
  }
  const open = async (port: number, flag: string, serve: (socket: Socket) => void) => {
    const server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) =>
      admission.admit(socket, () => serve(socket)),
    )
    servers.push(server)
    return listen(server, { host, port, remedy: flag })
  }
  try {
    const clear = settings.plaintext
      ? await open(settings.port, '--mqtt PORT', (socket) => onSocket(socket, null))
      : null
    const secure = tls
      ? await open(settings.tlsPort, 'mqtt.tlsPort (LARDER_MQTT_TLS_PORT)', (socket) =>
          tls.secure(socket),
        )
      : null
    return {
      host: (clear ?? secure)?.address ?? host,
      port: clear?.port ?? 0,
      tlsPort: secure?.port ?? 0,
      problems: () => tls?.problems() ?? [],
      close,
    }
  } catch (error) {
    close()
    throw error
  }
}

function listen(
  server: Server,
  at: { readonly host: string; readonly port: number; readonly remedy: string },
): Promise<AddressInfo> {
  const { host, port } = at
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        describeSystemError(error, {
          what: `MQTT cannot listen on ${host}:${port}`,
          remedy: `Stop the other program, or choose another port with ${at.remedy}.`,
        }),
      ),
    )
    server.listen({ host, port, backlog }, () => resolve(server.address() as AddressInfo))
  })
}

function refusePlaintextBeyondLoopback(settings: Settings['mqtt']): void {
  const { host, plaintext, allowPlaintextBeyondLoopback } = settings
  if (!plaintext || isLoopback(host) || allowPlaintextBeyondLoopback) return
  throw new LarderError(
    'RT_SETTINGS_INVALID',
    `MQTT would listen on ${host} without encryption, for everyone in reach to read. Listen there with TLS only (mqtt.plaintext off, mqtt.tlsCert and mqtt.tlsKey), listen on 127.0.0.1, or set mqtt.allowPlaintextBeyondLoopback (LARDER_MQTT_ALLOW_PLAINTEXT_BEYOND_LOOPBACK=true) where the network itself is protected.`,
  )
}
