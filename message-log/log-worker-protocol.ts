import type { MessagePort } from 'node:worker_threads'
import type { ErrorCode } from '../domain/index.ts'

export interface LogWorkerData {
  readonly file: string
}

/** Owner to worker. */
export type LogWorkerRequest =
  { readonly kind: 'connect'; readonly port: MessagePort } | { readonly kind: 'close' }

/** Worker to owner. */
export type LogWorkerNews =
  | { readonly kind: 'ready' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'notice'; readonly words: string }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly words: string }
