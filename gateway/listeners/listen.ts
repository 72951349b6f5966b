import { isIP, type AddressInfo, type Server } from 'node:net'
import type { Settings } from '../../config/index.ts'
import { LarderError } from '../../domain/index.ts'
import { describeSystemError } from '../../runtime/index.ts'

/** Connections that wait to be taken: a city that comes back at once must not be told to try again by the system. */
const backlog = 4096

export function listen(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        describeSystemError(error, {
          what: `MQTT cannot listen on ${host}:${port}`,
          remedy: 'Stop the other program, or choose another port with --mqtt PORT.',
        }),
      ),
    )
    server.listen({ host, port, backlog }, () => resolve(server.address() as AddressInfo))
  })
}

export function refusePlaintextBeyondLoopback({
  host,
  allowPlaintextBeyondLoopback,
}: Settings['mqtt']): void {
  if (isLoopback(host) || allowPlaintextBeyondLoopback) return
  throw new LarderError(
    'RT_SETTINGS_INVALID',
    `MQTT would listen on ${host} without encryption, for everyone in reach to read. Listen on 127.0.0.1, or set mqtt.allowPlaintextBeyondLoopback (LARDER_MQTT_ALLOW_PLAINTEXT_BEYOND_LOOPBACK=true) where the network itself is protected.`,
  )
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
