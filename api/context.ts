import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { ApiDeps } from './deps.ts'
import type { Sessions } from './security/sessions.ts'
import type { Zones } from './zones.ts'

export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

/** What every group of routes is given. */
export interface ApiContext extends ApiDeps {
  readonly zones: Zones
  readonly sessions: Sessions
}
