import type { MessagePort, Transferable } from 'node:worker_threads'
import { errorMessage, LarderError, type ErrorCode } from '../domain/index.ts'

/** The two ends agree on an interface of asynchronous methods with cloneable arguments. */
interface Call {
  readonly id: number
  readonly method: string
  readonly args: readonly unknown[]
}
type Answer =
  | { readonly id: number; readonly value: unknown }
  | {
      readonly id: number
      readonly error: {
        readonly code: ErrorCode
        readonly message: string
        readonly details: Readonly<Record<string, unknown>>
      }
    }
  | { readonly event: string; readonly value: unknown }

/** What of a value crosses to the other thread without a copy, and is gone on this side afterwards. */
export type TransferOf = (value: unknown) => readonly Transferable[]
const nothing: TransferOf = () => []

type Methods = Record<string, ((...args: never[]) => unknown) | undefined>

/** Serves the methods of `target` to the other end of the port. Returns a way to send it events. */
export function serveRpc(
  port: MessagePort,
  target: object,
  transferOf: TransferOf = nothing,
): { emit(event: string, value: unknown): void } {
  const methods = target as Methods
  const send = (answer: Answer): void => port.postMessage(answer)
  port.on('message', (call: Call) => {
    void (async () => {
      try {
        const method = methods[call.method]
        if (typeof method !== 'function')
          throw new LarderError('RT_INTERNAL', `No method ${call.method}.`)
        const value = await method.apply(target, call.args as never[])
        port.postMessage({ id: call.id, value } satisfies Answer, transferOf(value))
      } catch (error) {
        send({
          id: call.id,
          error: {
            code: error instanceof LarderError ? error.code : 'RT_INTERNAL',
            message: errorMessage(error),
            details: error instanceof LarderError ? error.details : {},
          },
        })
      }
    })()
  })
  return { emit: (event, value) => send({ event, value }) }
}

export interface RpcClient<T> {
  readonly remote: T
  on(event: string, listener: (value: unknown) => void): () => void
  close(): void
}

/** A proxy of the interface served at the other end; calls open when the port closes, and later ones, are rejected with RT_STOPPED. */
export function connectRpc<T extends object>(
  port: MessagePort,
  transferOf: TransferOf = nothing,
): RpcClient<T> {
  let lastId = 0
  const open = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >()
  const listeners = new Map<string, Set<(value: unknown) => void>>()

  port.on('message', (answer: Answer) => {
    if ('event' in answer) {
      for (const listener of listeners.get(answer.event) ?? []) listener(answer.value)
      return
    }
    const call = open.get(answer.id)
    open.delete(answer.id)
    if ('error' in answer) {
      const { code, message, details } = answer.error
      call?.reject(new LarderError(code, message, { details }))
    } else call?.resolve(answer.value)
  })
  let isClosed = false
  const stopped = (): LarderError =>
    new LarderError('RT_STOPPED', 'The store this call was for has stopped.')
  port.on('close', () => {
    isClosed = true
    for (const call of open.values()) call.reject(stopped())
    open.clear()
  })

  const remote = new Proxy(
    {},
    {
      get: (_, method) =>
        // A proxy that answers `then` would be taken for a promise.
        typeof method !== 'string' || method === 'then'
          ? undefined
          : (...args: unknown[]) =>
              new Promise((resolve, reject) => {
                // A closed port takes messages without a word.
                if (isClosed) {
                  reject(stopped())
                  return
                }
                const id = ++lastId
                open.set(id, { resolve, reject })
                port.postMessage({ id, method, args } satisfies Call, args.flatMap(transferOf))
              }),
    },
  ) as T

  return {
    remote,
    on(event, listener) {
      const set = listeners.get(event) ?? new Set()
      listeners.set(event, set.add(listener))
      return () => set.delete(listener)
    },
    close: () => port.close(),
  }
}
