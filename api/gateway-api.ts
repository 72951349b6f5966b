import type { FastifyInstance } from 'fastify'
import type { ApiDeps } from './deps.ts'
import { listenAt, type ListeningApi } from './listen.ts'
import { addDeviceRoutes } from './routes/devices.ts'
import { addListsOf } from './routes/lists.ts'
import { addRegistrationRoutes } from './routes/registrations.ts'
import { addSystemRoutes } from './routes/system.ts'
import { createServer } from './server.ts'

/** An edge gateway has devices, and neither readings nor decisions. */
export type GatewayApiDeps = Omit<
  ApiDeps,
  | 'series'
  | 'seriesWriter'
  | 'boardFolder'
  | 'replayDeadLetters'
  | 'estimateBasketMinutes'
  | 'backups'
>

/** What of the API an edge gateway answers: how it is, and its devices. */
async function createGatewayApi(deps: GatewayApiDeps): Promise<FastifyInstance> {
  const { app, zones } = await createServer(deps)
  const context = { ...deps, zones }
  addSystemRoutes(app, context)
  addListsOf(app, context, ['devices', 'sites', 'alarms', 'dead-letters'])
  addDeviceRoutes(app, context)
  addRegistrationRoutes(app, context)
  await app.ready()
  return app
}

export async function startGatewayApi(
  deps: GatewayApiDeps & { readonly host: string; readonly port: number },
): Promise<ListeningApi> {
  const { host, port } = deps
  const app = await createGatewayApi({ ...deps, settings: { ...deps.settings, host, port } })
  return listenAt(app, { host, port })
}
