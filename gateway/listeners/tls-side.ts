import { constants } from 'node:crypto'
import type { Socket } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import type { Settings } from '../../config/index.ts'
import type { Clock } from '../../domain/index.ts'
import { Gauge, type Logger, type Registry } from '../../runtime/index.ts'
import { rotateCertificates } from './certificate-rotation.ts'
import { readTlsFiles } from './certificates.ts'
import {
  judgeClientCertificate,
  type CertificateNames,
  type CertificateRefusal,
} from './client-certificate.ts'

export type TlsRefusal = CertificateRefusal | 'tls-handshake' | 'tls-handshake-deadline'

/** Takes sockets as they were accepted and hands them on once they are secure and their certificate may come in. */
export interface TlsSide {
  secure(socket: Socket): void
  /** What is wrong with the certificates now, in sentences. */
  problems(): readonly string[]
  stop(): void
}

const lookAgainMs = 2000

export async function createTlsSide(deps: {
  readonly settings: Settings['mqtt']
  readonly wall: Clock
  readonly logger: Logger
  readonly metrics: Registry
  readonly onRefused: (reason: TlsRefusal) => void
  readonly onSecure: (socket: TLSSocket, names: CertificateNames | null) => void
  /** How often the files are looked at. */
  readonly everyMs?: number
}): Promise<TlsSide> {
  const { settings, wall } = deps
  /** Raw sockets whose handshake is not over, by their peer. */
  const shaking = new Map<string, Socket>()
  let isCrlUsable = true

  const rotation = rotateCertificates({
    files: await readTlsFiles(settings),
    read: () => readTlsFiles(settings),
    wall,
    logger: deps.logger,
    everyMs: deps.everyMs ?? lookAgainMs,
    onRotated({ options }) {
      server.setSecureContext({ ...options, ...handshake(settings) })
      isCrlUsable = true
    },
  })

  const server = createServer({
    ...rotation.current().options,
    ...handshake(settings),
    requestCert: settings.tlsClientCertificates !== 'none',
    // Judged below instead, so that each reason is counted.
    rejectUnauthorized: false,
    handshakeTimeout: settings.connectDeadlineMs,
  })
  server.on('secureConnection', (socket) => {
    shaking.delete(peerOf(socket))
    const judged = judgeClientCertificate(socket, settings.tlsClientCertificates)
    if ('names' in judged) {
      deps.onSecure(socket, judged.names)
      return
    }
    if (judged.refused === 'revocation-list-unusable') isCrlUsable = false
    deps.onRefused(judged.refused)
    socket.on('error', () => undefined)
    socket.destroy()
  })
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    const isLate = error.code === 'ERR_TLS_HANDSHAKE_TIMEOUT'
    deps.onRefused(isLate ? 'tls-handshake-deadline' : 'tls-handshake')
    socket.destroy()
  })

  const expires: Gauge = new Gauge({
    name: 'larder_gateway_certificate_expires_seconds',
    help: 'Time until the certificate of the gateway ends; below 0 it has ended.',
    registers: [deps.metrics],
    collect: () => expires.set((rotation.current().certificates[0].endsAt - wall.now()) / 1000),
  })

  return {
    secure(socket) {
      const peer = peerOf(socket)
      shaking.set(peer, socket)
      socket.once('close', () => shaking.delete(peer))
      server.emit('connection', socket)
    },
    problems: () => [
      ...rotation.problems(),
      ...(isCrlUsable
        ? []
        : [
            'The revocation list of mqtt.tlsClientCrl is over, or lacks one of an authority, so no certificate of a device is let in: put a new one in its place, Larder takes it without a restart.',
          ]),
    ],
    stop() {
      rotation.stop()
      for (const socket of shaking.values()) socket.destroy()
    },
  }
}

const peerOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`

/**
 * A session taken up again is not checked against the authorities and revocation lists of today, so there is none where
 * certificates are asked for; and a renegotiation is work for us that no device asks for.
 */
function handshake({ tlsClientCertificates }: Settings['mqtt']) {
  const noResumption = tlsClientCertificates === 'none' ? 0 : constants.SSL_OP_NO_TICKET
  return {
    secureOptions: noResumption | constants.SSL_OP_NO_RENEGOTIATION,
    honorCipherOrder: true,
  }
}
