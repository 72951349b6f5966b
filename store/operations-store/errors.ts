import { LarderError } from '../../domain/index.ts'

export function notFound(what: string, id: string): LarderError {
  return new LarderError('RT_NOT_FOUND', `There is no ${what} "${id}".`)
}

export function wrongState(what: string, id: string, status: string, wanted: string): LarderError {
  return new LarderError(
    'RT_WRONG_STATE',
    `The ${what} "${id}" is ${status}; this step needs one that is ${wanted}.`,
    { details: { status } },
  )
}

export function invalid(words: string): LarderError {
  return new LarderError('RT_REQUEST_INVALID', words)
}
