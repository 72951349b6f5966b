/**
 * Every coded error: its HTTP status where it reaches an API client, and whether trying the same again can help.
 * Codes are documented and asserted in tests; messages are for people and may change.
 */
const table = {
  RT_SETTINGS_INVALID: { status: 500, retryable: false },
  RT_PORT_IN_USE: { status: 500, retryable: false },
  RT_DATA_LOCKED: { status: 500, retryable: false },
  RT_DISK_FULL: { status: 503, retryable: true },
  RT_STOPPED: { status: 503, retryable: true },
  RT_WORKER_DIED: { status: 503, retryable: true },
  RT_NOT_READY: { status: 503, retryable: true },
  RT_PAYLOAD_INVALID: { status: 400, retryable: false },
  RT_REQUEST_INVALID: { status: 400, retryable: false },
  RT_UNAUTHORISED: { status: 401, retryable: false },
  RT_FORBIDDEN: { status: 403, retryable: false },
  RT_NOT_FOUND: { status: 404, retryable: false },
  RT_WRONG_STATE: { status: 409, retryable: false },
  RT_CAPACITY_EXCEEDED: { status: 409, retryable: false },
  RT_FENCED: { status: 409, retryable: false },
  RT_IN_FLIGHT: { status: 409, retryable: true },
  RT_GONE: { status: 410, retryable: false },
  RT_PRECONDITION_FAILED: { status: 412, retryable: false },
  RT_TOO_LARGE: { status: 413, retryable: false },
  RT_IDEMPOTENCY_KEY_REUSED: { status: 422, retryable: false },
  RT_FILE_UNREADABLE: { status: 400, retryable: false },
  RT_NO_HISTORY: { status: 409, retryable: false },
  RT_STORE_DAMAGED: { status: 500, retryable: false },
  RT_INTERNAL: { status: 500, retryable: false },
} as const

export type ErrorCode = keyof typeof table

/** Coded errors in table order, for the generated documentation. */
export const errorCodes = Object.keys(table) as readonly ErrorCode[]

/** The one error class. `details` travels to API clients as members of the RFC 9457 problem. */
export class LarderError extends Error {
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      readonly cause?: unknown
      readonly details?: Readonly<Record<string, unknown>>
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'LarderError'
    this.code = code
    this.details = options.details ?? {}
  }

  get status(): number {
    return table[this.code].status
  }

  get retryable(): boolean {
    return table[this.code].retryable
  }
}

/** True where trying the same again can help: coded so, or the disk or network said try later. */
export function isRetryable(error: unknown): boolean {
  return error instanceof LarderError && error.retryable
}

export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
