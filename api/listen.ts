import type { FastifyInstance } from 'fastify'
import { describeSystemError, type Stage } from '../runtime/index.ts'

export interface ListeningApi extends Stage {
  /** `http://127.0.0.1:8080` */
  readonly url: string
}

export async function listenAt(
  app: FastifyInstance,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<ListeningApi> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    await app.close()
    throw describeSystemError(error, {
      what: `The API cannot listen on ${host}:${port}`,
      remedy: 'Choose another port with --http, or stop what uses this one.',
    })
  }
  const address = app.server.address()
  const listening = typeof address === 'object' && address !== null ? address.port : port
  const shown = host === '0.0.0.0' || host === '::' ? 'localhost' : host
  let closing: Promise<void> | undefined
  return {
    url: `http://${shown.includes(':') ? `[${shown}]` : shown}:${listening}`,
    stop: () => (closing ??= app.close()),
  }
}
