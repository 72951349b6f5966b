import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyInstance, FastifySchemaValidationError } from 'fastify'
import { errorMessage, LarderError, namePattern, type ErrorCode } from '../domain/index.ts'
import type { Logger } from '../runtime/index.ts'
import { timePattern } from './schemas/common.ts'

/** RFC 9457, with the code of the error table. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: ErrorCode
  readonly [member: string]: unknown
}

export function problemOf(error: LarderError, status: number = error.status): Problem {
  return {
    ...error.details,
    type: `urn:larder:problem:${error.code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: error.message,
    code: error.code,
  }
}

const mostProblems = 20

/** All that is wrong with a request in one message: `body/lines/0/units must be >= 1; …`. */
export function describeInvalid(
  errors: readonly FastifySchemaValidationError[],
  part: string,
): Error {
  const problems = wordsByPath(errors)
    .slice(0, mostProblems)
    .map(({ path, words }) => ({ path: part + path, words }))
  return new LarderError(
    'RT_REQUEST_INVALID',
    `The request is not valid: ${problems.map(({ path, words }) => `${path} ${words}`).join('; ')}. /openapi.json says what is allowed.`,
    { details: { problems } },
  )
}

interface SchemaError {
  readonly instancePath: string
  readonly message?: string | undefined
  readonly params?: object | undefined
}

/** What a schema found, a sentence a place: the values of a choice together, and nothing said twice. */
export function wordsByPath(
  errors: readonly SchemaError[],
): readonly { readonly path: string; readonly words: string }[] {
  const byPath = new Map<string, SchemaError[]>()
  for (const error of errors) {
    const some = byPath.get(error.instancePath)
    if (some) some.push(error)
    else byPath.set(error.instancePath, [error])
  }
  return [...byPath].map(([path, some]) => {
    const choices = some.flatMap(({ params }) => {
      const { allowedValue } = (params ?? {}) as { allowedValue?: unknown }
      return allowedValue === undefined ? [] : [JSON.stringify(allowedValue)]
    })
    if (choices.length > 0) return { path, words: `must be ${choices.join(' or ')}` }
    const told = some.map(wordsOf)
    const plain = told.filter((words) => !words.includes('anyOf'))
    return { path, words: [...new Set(plain.length > 0 ? plain : told)].join(', ') }
  })
}

/** What a pattern asks for, where it is one that people meet. */
const patternWords: Readonly<Record<string, string>> = {
  [timePattern]:
    'must be a time with its offset, such as 2026-11-22T09:00:00+08:00 or 2026-11-22T01:00:00Z',
  [namePattern]: 'must be letters, digits, - and _, 64 at most',
}

function wordsOf({ message = 'is not valid', params = {} }: SchemaError): string {
  const { additionalProperties, allowedValues, pattern } = params as Record<string, unknown>
  if (message === 'schema is false') return 'is not known here'
  if (typeof pattern === 'string' && patternWords[pattern]) return patternWords[pattern]
  if (Array.isArray(allowedValues)) return `must be one of ${allowedValues.join(', ')}`
  return Array.isArray(additionalProperties)
    ? `${message} (${additionalProperties.join(', ')})`
    : message
}

const codeOfStatus: Readonly<Record<number, ErrorCode>> = {
  401: 'RT_UNAUTHORISED',
  403: 'RT_FORBIDDEN',
  404: 'RT_NOT_FOUND',
  413: 'RT_TOO_LARGE',
  503: 'RT_NOT_READY',
}

/** Any error as a problem: coded ones as they are, the framework's own 4xx by status, all else a 500 that tells nothing. */
function toProblem(error: unknown, logger: Logger): Problem {
  if (error instanceof LarderError) {
    if (error.status >= 500 && !error.retryable) logger.error({ err: error }, 'a request failed')
    return problemOf(error)
  }
  const status = (error as FastifyError | undefined)?.statusCode ?? 500
  if (status >= 400 && status < 500) {
    const code = codeOfStatus[status] ?? 'RT_REQUEST_INVALID'
    return problemOf(new LarderError(code, errorMessage(error)), status)
  }
  logger.error({ err: error }, 'a request failed')
  return problemOf(
    new LarderError('RT_INTERNAL', 'Something went wrong here; the log of Larder says what.'),
  )
}

export function answerProblems(app: FastifyInstance, logger: Logger): void {
  app.setErrorHandler((error, _request, reply) => {
    const problem = toProblem(error, logger)
    if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="larder"')
    if (problem.status === 503) reply.header('retry-after', '1')
    return reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem))
  })
  app.setNotFoundHandler((request, reply) =>
    reply
      .code(404)
      .type('application/problem+json')
      .send(
        JSON.stringify(
          problemOf(
            new LarderError(
              'RT_NOT_FOUND',
              `There is no ${request.method} ${request.url.split('?')[0] ?? ''}. /openapi.json lists what there is.`,
            ),
          ),
        ),
      ),
  )
}
