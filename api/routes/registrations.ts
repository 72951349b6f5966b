import { Type } from 'typebox'
import { deviceKinds, LarderError, type Credential } from '../../domain/index.ts'
import type { ApiContext, App } from '../context.ts'
import { answers, closed, Count, Name, oneOf } from '../schemas/common.ts'

const Hex = (digits: number) => Type.String({ pattern: `^[0-9a-f]{${digits}}$` })
const Registration = Type.Object(
  {
    site: Name,
    device: Name,
    kind: oneOf(deviceKinds.filter((kind) => kind !== 'gateway')),
    zone: Type.Union([oneOf(['chilled', 'frozen', 'ambient', 'staging']), Type.Null()]),
    revoked: Type.Boolean(),
    salt: Hex(32),
    hash: Hex(64),
  },
  closed,
)
type Registration = Type.Static<typeof Registration>
const Registrations = Type.Object({ registrations: Type.Array(Registration) }, closed)

const pageSize = 1000

/** Devices with the hashes of their passwords, for the edge gateway of their site: nobody needs a new password. */
export function addRegistrationRoutes(
  app: App,
  { operations, clock, zones }: Pick<ApiContext, 'operations' | 'clock' | 'zones'>,
): void {
  const registered = async (site: string): Promise<Registration[]> => {
    const found: Registration[] = []
    let cursor: string | undefined
    do {
      const page = await operations.list('devices', { site, limit: pageSize, cursor })
      for (const { device, kind, zone } of page.items) {
        const credential = await operations.credential(`${site}/${device}`)
        if (!kind || kind === 'gateway' || credential?.kind !== 'device') continue
        const { revoked, salt, hash } = credential
        found.push({ site, device, kind, zone, revoked, salt, hash })
      }
      cursor = page.next ?? undefined
    } while (cursor !== undefined)
    return found
  }

  app.get(
    '/v1/registrations',
    {
      config: { access: 'write', givesSecret: true },
      schema: {
        tags: ['devices'],
        summary:
          'The devices of a site with the salted hashes of their passwords, for an edge gateway',
        querystring: Type.Object({ site: Name }, closed),
        response: answers({ 200: Registrations }),
      },
    },
    async ({ query }) => ({ registrations: await registered(query.site) }),
  )

  app.post(
    '/v1/registrations',
    {
      config: { access: 'write' },
      schema: {
        tags: ['devices'],
        summary:
          'Register devices with the hashes that another Larder gave; the sites are made if new',
        body: Registrations,
        response: answers({ 200: Type.Object({ registered: Count }) }),
      },
    },
    async ({ body }) => {
      for (const registration of body.registrations) await register(registration)
      zones.forget()
      return { registered: body.registrations.length }
    },
  )

  async function register({ site, device, kind, zone, revoked, salt, hash }: Registration) {
    const username = `${site}/${device}`
    const known = await operations.credential(username)
    if (known && known.kind !== 'device')
      throw new LarderError(
        'RT_REQUEST_INVALID',
        `${username} is a gateway here. Take it out of the file, or revoke it here.`,
      )
    const credential: Credential = {
      ...{ username, kind: 'device', site, device, salt, hash, revoked: false },
      ...{ publish: [], subscribe: [], mappings: [] },
    }
    const now = clock.now()
    await operations.registerDevice(
      { site, device, kind, zone: zone ?? undefined },
      credential,
      now,
    )
    if (revoked) await operations.revokeDevice(site, device, now)
  }
}
