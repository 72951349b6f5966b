import {
  createCipheriv,
  createDecipheriv,
  createHash,
  hkdfSync,
  randomBytes,
  randomUUID,
} from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { LarderError } from '../domain/index.ts'
import type { Logger } from '../runtime/index.ts'
import type { OperationsStore } from '../store/index.ts'

const keyPattern = /^[\x21-\x7e]{1,200}$/

declare module 'fastify' {
  interface FastifyRequest {
    /** The stored key while this request is the one that carries it out. */
    idempotencyKey: string | null
  }
}

/**
 * `Idempotency-Key` on every POST: the same key and body get the same answer again, the same key with another body 422,
 * a key whose first request still runs 409, for a minute at most. Answers of 5xx are not kept, so that they can be tried again.
 * A streamed body is known by its address and length; imports are idempotent by themselves.
 */
export function answerRepeats(
  app: FastifyInstance,
  deps: {
    readonly operations: Pick<OperationsStore, 'beginIdempotent' | 'endIdempotent'>
    readonly now: () => number
    readonly wallNow: () => number
    readonly logger: Logger
  },
): void {
  app.decorateRequest('idempotencyKey', null)

  app.addHook('preHandler', async (request, reply) => {
    const given = givenKey(request)
    if (given === null) return undefined
    const key = storedKey(request, given)
    const kept = await deps.operations.beginIdempotent(key, hashOf(request), {
      at: deps.now(),
      wallAt: deps.wallNow(),
    })
    if (kept === null) {
      request.idempotencyKey = key
      return undefined
    }
    const body = request.routeOptions.config.givesSecret ? open(kept.body, given) : kept.body
    return reply
      .code(kept.status)
      .header('idempotency-replayed', 'true')
      .type(kept.status < 400 ? 'application/json; charset=utf-8' : 'application/problem+json')
      .send(body)
  })

  app.addHook('onSend', async (request, reply, payload) => {
    const key = request.idempotencyKey
    if (key === null) return payload
    request.idempotencyKey = null
    const isKept = reply.statusCode < 500 && typeof payload === 'string'
    const given = givenKey(request) ?? ''
    try {
      await deps.operations.endIdempotent(
        key,
        isKept
          ? {
              status: reply.statusCode,
              body: request.routeOptions.config.givesSecret ? seal(payload, given) : payload,
            }
          : null,
      )
    } catch (error) {
      deps.logger.error({ err: error }, 'the answer to an Idempotency-Key could not be kept')
    }
    return payload
  })
}

/**
 * The id of what this request makes. With an Idempotency-Key it is the same each time, so that a request that was carried out
 * and whose answer was lost with its process makes nothing twice.
 */
export function idOfMade(request: FastifyRequest): string {
  const key = request.idempotencyKey
  if (key === null) return randomUUID()
  const hex = createHash('sha256')
    .update(`${key}\n${hashOf(request)}`)
    .digest('hex')
  // A UUID of version 8, RFC 9562: what its bits are is up to us.
  const variant = ((parseInt(hex.charAt(16), 16) & 3) | 8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

function givenKey(request: FastifyRequest): string | null {
  const header = request.headers['idempotency-key']
  if (request.method !== 'POST' || header === undefined) return null
  if (typeof header === 'string' && keyPattern.test(header)) return header
  throw new LarderError(
    'RT_REQUEST_INVALID',
    'Idempotency-Key is 1 to 200 printable characters without spaces, for example a UUID.',
  )
}

/** Callers do not share keys; the key itself is not stored. */
function storedKey(request: FastifyRequest, given: string): string {
  return createHash('sha256').update(`${request.principal.name}\n${given}`).digest('hex')
}

function hashOf(request: FastifyRequest): string {
  const body = request.routeOptions.config.streamsBody
    ? (request.headers['content-length'] ?? '')
    : JSON.stringify(request.body ?? null)
  return createHash('sha256').update(`${request.method} ${request.url}\n${body}`).digest('hex')
}

const secretKey = (given: string): Buffer =>
  Buffer.from(hkdfSync('sha256', given, '', 'larder idempotent answer', 32))

/** Encrypted under the client's own key, which is not stored: secrets do not come to rest in the store. */
function seal(text: string, given: string): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', secretKey(given), nonce)
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64')
}

function open(body: string, given: string): string {
  const bytes = Buffer.from(body, 'base64')
  const decipher = createDecipheriv('aes-256-gcm', secretKey(given), bytes.subarray(0, 12))
  decipher.setAuthTag(bytes.subarray(12, 28))
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8')
}
