import { Type } from 'typebox'
import {
  createSecret,
  findRuleProblems,
  hashPassword,
  LarderError,
  type Credential,
  type CredentialView,
} from '../../domain/index.ts'
import type { ApiContext, App } from '../context.ts'
import { answers, closed, Limit, listOf, Name, oneOf, ref, TextOrNull } from '../schemas/common.ts'

/** No slash: `site/device` is always a device's. */
const Username = Type.String({ pattern: '^[A-Za-z0-9._@-]{1,64}$' })
const Kind = oneOf(['join', 'bridge', 'operator'])
const Filter = Type.String({ minLength: 1, maxLength: 256, description: 'an MQTT topic filter' })
const Mapping = Type.Object(
  {
    pattern: Filter,
    site: Type.String({ maxLength: 128 }),
    device: Type.String({ maxLength: 128, description: '{1} stands for what the first + matched' }),
  },
  closed,
)
const rules = {
  publish: Type.Optional(Type.Array(Filter, { maxItems: 100 })),
  subscribe: Type.Optional(Type.Array(Filter, { maxItems: 100 })),
  mappings: Type.Optional(Type.Array(Mapping, { maxItems: 100 })),
}
const Password = Type.String({
  minLength: 12,
  maxLength: 256,
  description: 'of an operator, where a person chooses it; else one is made',
})

const view = {
  username: Type.String(),
  kind: Kind,
  site: TextOrNull,
  revoked: Type.Boolean(),
  publish: Type.Array(Type.String()),
  subscribe: Type.Array(Type.String()),
  mappings: Type.Array(Mapping),
}
const CredentialSchema = Type.Object(view, { $id: 'Credential', ...closed })
const CredentialLogin = Type.Object(
  {
    ...view,
    password: Type.Union([Type.String(), Type.Null()], {
      description: 'shown once; null where a person chose it',
    }),
  },
  { $id: 'CredentialLogin', ...closed },
)
const Params = Type.Object({ username: Username })

/** Credentials of no single device: join, bridge and operator. */
export function addCredentialRoutes(app: App, { operations, clock }: ApiContext): void {
  app.addSchema(CredentialSchema)
  app.addSchema(CredentialLogin)

  const known = async (username: string): Promise<Credential> => {
    const found = await operations.credential(username)
    if (found?.device === null) return found
    throw new LarderError(
      'RT_NOT_FOUND',
      `There is no credential ${username}. Make it with "larder credentials add ${username} --kind …".`,
    )
  }

  app.post(
    '/v1/credentials',
    {
      config: { access: 'write', givesSecret: true },
      schema: {
        tags: ['devices'],
        summary: 'Make a credential to join, of a bridge or of an operator; its password, once',
        body: Type.Object(
          {
            username: Username,
            kind: Kind,
            site: Type.Optional(Name),
            ...rules,
            password: Type.Optional(Password),
          },
          closed,
        ),
        response: answers({ 201: ref(CredentialLogin) }),
      },
    },
    async ({ body }, reply) => {
      const { username, kind, site = null } = body
      const found = await operations.credential(username)
      if (found && !found.revoked)
        throw new LarderError(
          'RT_WRONG_STATE',
          `There is a credential ${username} already. Choose another name, or give it a new password with "larder credentials rotate ${username}".`,
        )
      const { publish = [], subscribe = [], mappings = [] } = body
      const shape = { username, kind, site, device: null, publish, subscribe, mappings }
      checkRules(shape)
      const { stored, password } = await createPassword(kind, body.password)
      await operations.putCredential({ ...shape, ...stored, revoked: false }, clock.now())
      return reply.code(201).send({ ...toView({ ...shape, revoked: false }), password })
    },
  )

  app.get(
    '/v1/credentials',
    {
      config: { access: 'write' },
      schema: {
        tags: ['devices'],
        summary: 'Credentials of no single device, without their passwords',
        querystring: Type.Object(
          { limit: Type.Optional(Limit), cursor: Type.Optional(Username) },
          closed,
        ),
        response: answers({ 200: listOf(ref(CredentialSchema)) }),
      },
    },
    async ({ query }) => {
      const { items, next } = await operations.listCredentials({
        ...query,
        limit: query.limit ?? 100,
      })
      return { items: items.map(toView), next }
    },
  )

  app.put(
    '/v1/credentials/:username/rules',
    {
      config: { access: 'write' },
      schema: {
        tags: ['devices'],
        summary: 'Other rules; they hold at once, for open sessions too',
        params: Params,
        body: Type.Object(rules, closed),
        response: answers({ 200: ref(CredentialSchema) }),
      },
    },
    async ({ params, body }) => {
      const found = await known(params.username)
      const { publish = [], subscribe = [], mappings = [] } = body
      const changed = { ...found, publish, subscribe, mappings }
      checkRules(changed)
      await operations.putCredential(changed, clock.now())
      return toView(changed)
    },
  )

  app.post(
    '/v1/credentials/:username/rotate',
    {
      config: { access: 'write', givesSecret: true },
      schema: {
        tags: ['devices'],
        summary: 'A new password; open sessions stay, the next login needs it',
        params: Params,
        body: Type.Object({ password: Type.Optional(Password) }, closed),
        response: answers({ 200: ref(CredentialLogin) }),
      },
    },
    async ({ params, body }) => {
      const found = await known(params.username)
      if (found.revoked)
        throw new LarderError(
          'RT_WRONG_STATE',
          `The credential ${params.username} is revoked. Make it again with "larder credentials add".`,
        )
      const { stored, password } = await createPassword(found.kind, body.password)
      await operations.putCredential({ ...found, ...stored }, clock.now())
      return { ...toView(found), password }
    },
  )

  app.post(
    '/v1/credentials/:username/revoke',
    {
      config: { access: 'write' },
      schema: {
        tags: ['devices'],
        summary: 'It ends, and its open sessions with it',
        params: Params,
        response: answers({ 200: ref(CredentialSchema) }),
      },
    },
    async ({ params }) => {
      const found = await known(params.username)
      await operations.revokeCredential(params.username)
      return toView({ ...found, revoked: true })
    },
  )
}

function checkRules(credential: Parameters<typeof findRuleProblems>[0]): void {
  const problems = findRuleProblems(credential)
  if (problems.length > 0) throw new LarderError('RT_REQUEST_INVALID', problems.join(' '))
}

async function createPassword(
  kind: Credential['kind'],
  chosen: string | undefined,
): Promise<{ stored: Pick<Credential, 'salt' | 'hash'>; password: string | null }> {
  if (chosen === undefined) {
    const { secret, salt, hash } = createSecret()
    return { stored: { salt, hash }, password: secret }
  }
  if (kind !== 'operator')
    throw new LarderError(
      'RT_REQUEST_INVALID',
      'Only an operator has a password that a person chooses. Leave it out, and one is made.',
    )
  return { stored: await hashPassword(chosen), password: null }
}

function toView({
  username,
  kind,
  site,
  revoked,
  publish,
  subscribe,
  mappings,
}: Omit<CredentialView, 'device'>) {
  // Devices have routes of their own.
  const shown = kind as Exclude<Credential['kind'], 'device'>
  return {
    ...{ username, kind: shown, site, revoked },
    ...{ publish: [...publish], subscribe: [...subscribe], mappings: [...mappings] },
  }
}
