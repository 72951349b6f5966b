import { Type } from 'typebox'
import {
  createSecret,
  deviceKinds,
  LarderError,
  minuteMs,
  type Credential,
  type Device,
} from '../../domain/index.ts'
import type { ApiContext, App } from '../context.ts'
import { idOfMade } from '../idempotency.ts'
import { answers, Name, oneOf, ref, Time } from '../schemas/common.ts'
import { resourceSchemas } from '../schemas/resources.ts'
import { resourceView } from '../views.ts'

const closed = { additionalProperties: false } as const
const Path = Type.Object({ site: Name, device: Name })
const Zone = oneOf(['chilled', 'frozen', 'ambient', 'staging'])
const Kind = oneOf(deviceKinds)

const Login = Type.Object(
  {
    site: Type.String(),
    device: Type.String(),
    kind: Type.Union([Kind, Type.Null()]),
    clientId: Type.String({ description: 'the MQTT client id' }),
    username: Type.String(),
    password: Type.String({ description: 'shown once; only a salted hash is kept' }),
  },
  { $id: 'DeviceLogin', ...closed },
)

const Command = Type.Object(
  {
    id: Type.String(),
    site: Type.String(),
    device: Type.String(),
    set: Type.Record(Type.String(), Type.Unknown()),
    queuedAt: Time,
    expiresAt: Time,
    status: Type.Literal('queued'),
  },
  { $id: 'DeviceCommand', ...closed },
)

/** A login is made here, shown in this one answer, and kept as SHA-256(salt || secret). */
function createLogin(
  site: string,
  device: string,
  kind: Device['kind'],
): { credential: Credential; password: string } {
  const { secret, salt, hash } = createSecret()
  return {
    password: secret,
    credential: {
      username: `${site}/${device}`,
      // A gateway brings what its store's devices say, and takes their commands to them.
      kind: kind === 'gateway' ? 'bridge' : 'device',
      site,
      device,
      salt,
      hash,
      revoked: false,
      publish: [],
      subscribe: kind === 'gateway' ? [`v1/${site}/+/command`] : [],
      mappings: [],
    },
  }
}

const loginView = (device: Device, password: string) => ({
  site: device.site,
  device: device.device,
  kind: device.kind,
  clientId: `${device.site}.${device.device}`,
  username: `${device.site}/${device.device}`,
  password,
})

/** Registration, credentials, adoption, and commands to devices. */
export function addDeviceRoutes(
  app: App,
  { operations, clock, zones }: Pick<ApiContext, 'operations' | 'clock' | 'zones'>,
): void {
  app.addSchema(Login)
  app.addSchema(Command)

  const known = async (site: string, device: string): Promise<Device> => {
    const found = await operations.get('devices', `${site}.${device}`)
    if (found) return found
    throw new LarderError(
      'RT_NOT_FOUND',
      `There is no device ${site}/${device}. Register it with POST /v1/devices or "larder devices add ${site}/${device} --kind …".`,
    )
  }

  app.post(
    '/v1/devices',
    {
      config: { access: 'sim', givesSecret: true },
      schema: {
        tags: ['devices'],
        summary: 'Register a device; the answer holds its password, once. The site is made if new',
        body: Type.Object(
          { site: Name, device: Name, kind: Kind, zone: Type.Optional(Zone) },
          closed,
        ),
        response: answers({ 201: ref(Login) }),
      },
    },
    async (request, reply) => {
      const { site, device } = request.body
      const { credential, password } = createLogin(site, device, request.body.kind)
      const registered = await operations.registerDevice(request.body, credential, clock.now())
      zones.forget()
      return reply.code(201).send(loginView(registered, password))
    },
  )

  app.get(
    '/v1/devices/:site/:device',
    {
      config: { access: 'read' },
      schema: {
        tags: ['devices'],
        summary: 'A device by its path',
        params: Path,
        response: answers({ 200: ref(resourceSchemas.devices) }),
      },
    },
    async ({ params }) => {
      await zones.load()
      return resourceView('devices', await known(params.site, params.device), zones)
    },
  )

  app.post(
    '/v1/devices/:site/:device/rotate',
    {
      config: { access: 'write', givesSecret: true },
      schema: {
        tags: ['devices'],
        summary: 'A new password; the old one ends',
        params: Path,
        response: answers({ 200: ref(Login) }),
      },
    },
    async ({ params }) => {
      const device = await known(params.site, params.device)
      const { credential, password } = createLogin(params.site, params.device, device.kind)
      await operations.putCredential(credential, clock.now())
      return loginView(device, password)
    },
  )

  app.post(
    '/v1/devices/:site/:device/revoke',
    {
      config: { access: 'write' },
      schema: {
        tags: ['devices'],
        summary: 'Its password ends and none is made',
        params: Path,
        response: answers({ 200: ref(resourceSchemas.devices) }),
      },
    },
    async ({ params }) => {
      await known(params.site, params.device)
      await operations.revokeDevice(params.site, params.device, clock.now())
      await zones.load()
      return resourceView('devices', await known(params.site, params.device), zones)
    },
  )

  app.post(
    '/v1/devices/:site/:device/adopt',
    {
      config: { access: 'write', givesSecret: true },
      schema: {
        tags: ['devices'],
        summary: 'Take an unregistered device for ours; the answer holds its password, once',
        params: Path,
        body: Type.Object({ kind: Kind }, closed),
        response: answers({ 200: ref(Login) }),
      },
    },
    async ({ params, body }) => {
      const { credential, password } = createLogin(params.site, params.device, body.kind)
      const adopted = await operations.adoptDevice(
        params.site,
        params.device,
        body.kind,
        credential,
        clock.now(),
      )
      return loginView(adopted, password)
    },
  )

  app.post(
    '/v1/devices/:site/:device/commands',
    {
      config: { access: 'write' },
      schema: {
        tags: ['devices'],
        summary: 'Queue a command; it is sent until the device answers or it expires',
        params: Path,
        body: Type.Object(
          {
            set: Type.Record(Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_]{0,63}$' }), Scalar, {
              minProperties: 1,
              maxProperties: 32,
              additionalProperties: false,
            }),
            expiresInMinutes: Type.Optional(
              Type.Number({ exclusiveMinimum: 0, maximum: 10_080, default: 60 }),
            ),
          },
          closed,
        ),
        response: answers({ 202: ref(Command) }),
      },
    },
    async (request, reply) => {
      const { params, body } = request
      const { site, device } = await known(params.site, params.device)
      await zones.load()
      const queuedAt = clock.now()
      const expiresAt = queuedAt + Math.round((body.expiresInMinutes ?? 60) * minuteMs)
      const command = { id: idOfMade(request), site, device, set: body.set, queuedAt, expiresAt }
      await operations.queueCommand({ ...command, sentAt: null, status: 'queued' })
      const format = zones.format(site)
      return reply.code(202).send({
        ...command,
        queuedAt: format(queuedAt),
        expiresAt: format(expiresAt),
        status: 'queued',
      })
    },
  )
}

const Scalar = Type.Union([
  Type.String({ maxLength: 1000 }),
  Type.Number(),
  Type.Boolean(),
  Type.Null(),
])
