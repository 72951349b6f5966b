import { Readable } from 'node:stream'

export interface Answer {
  readonly status: number
  readonly body: string
}
export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'
export type Body = object | Readable | undefined

export interface Asked {
  readonly ask: (method: Method, path: string, body: Body) => Promise<Answer>
  readonly close: () => Promise<void>
}

export const contentType = (body: Body): Record<string, string> =>
  body === undefined
    ? {}
    : { 'content-type': body instanceof Readable ? 'text/csv' : 'application/json' }
