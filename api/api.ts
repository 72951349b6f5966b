import type { FastifyInstance } from 'fastify'
import type { ApiContext } from './context.ts'
import type { ApiDeps } from './deps.ts'
import { listenAt, type ListeningApi } from './listen.ts'
import { addAvailabilityRoutes } from './routes/availability.ts'
import { addBackupRoutes } from './routes/backups.ts'
import { addBoard } from './routes/board.ts'
import { addBookingRoutes } from './routes/bookings.ts'
import { addContextRoutes } from './routes/context.ts'
import { addChangeRoutes } from './routes/changes.ts'
import { addDeadLetterRoutes } from './routes/dead-letters.ts'
import { addCredentialRoutes } from './routes/credentials.ts'
import { addDeviceRoutes } from './routes/devices.ts'
import { addEventRoutes } from './routes/events.ts'
import { addExplanationRoutes } from './routes/explanations.ts'
import { addImportRoutes } from './routes/imports.ts'
import { addListRoutes } from './routes/lists.ts'
import { addMasterDataRoutes } from './routes/master-data.ts'
import { addModelRoutes } from './routes/models.ts'
import { addReadingRoutes } from './routes/readings.ts'
import { addRegistrationRoutes } from './routes/registrations.ts'
import { addSessionRoutes } from './routes/session.ts'
import { addSystemRoutes } from './routes/system.ts'
import { addTransferRoutes } from './routes/transfers.ts'
import { createServer } from './server.ts'

export interface Api {
  /** Ready to be asked by `inject`, or to listen. */
  readonly app: FastifyInstance
  /** Path of a one-time link that opens a board session: `/login?token=…`. */
  createLoginPath(): string
}

/** The whole API over what it is given; nothing listens yet. */
export async function createApi(deps: ApiDeps): Promise<Api> {
  const { app, zones, sessions } = await createServer(deps)
  const context: ApiContext = { ...deps, zones, sessions }

  addSystemRoutes(app, context)
  addSessionRoutes(app, context)
  addListRoutes(app, context)
  addMasterDataRoutes(app, context)
  addReadingRoutes(app, context)
  addAvailabilityRoutes(app, context)
  addDeviceRoutes(app, context)
  addRegistrationRoutes(app, context)
  addCredentialRoutes(app, context)
  addTransferRoutes(app, context)
  addBookingRoutes(app, context)
  addChangeRoutes(app, context)
  addContextRoutes(app, context)
  addDeadLetterRoutes(app, context)
  addBackupRoutes(app, context)
  addModelRoutes(app, context)
  addEventRoutes(app, context)
  addExplanationRoutes(app, context)
  await addImportRoutes(app, context)
  await addBoard(app, deps.boardFolder)
  await app.ready()
  return {
    app: app as unknown as FastifyInstance,
    createLoginPath: () => `/login?token=${sessions.createLoginToken()}`,
  }
}

export interface RunningApi extends ListeningApi {
  readonly app: FastifyInstance
  /** A link that opens the board with the right to write, once, within ten minutes. */
  createLoginLink(): string
}

/** Listens; a port in use is RT_PORT_IN_USE with what to do. */
export async function startApi(
  deps: ApiDeps & { readonly host: string; readonly port: number },
): Promise<RunningApi> {
  const { host, port } = deps
  const api = await createApi({ ...deps, settings: { ...deps.settings, host, port } })
  const listening = await listenAt(api.app, { host, port })
  return {
    ...listening,
    app: api.app,
    createLoginLink: () => listening.url + api.createLoginPath(),
  }
}
