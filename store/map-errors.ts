/** The same store, whose asynchronous calls reject with what `map` makes of their errors. Subscriptions answer at once and stay as they are. */
export function mapErrors<T extends object>(store: T, map: (error: unknown) => unknown): T {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function' || name === 'subscribe' || name === 'subscribeRegistry')
        return member
      return async (...args: unknown[]): Promise<unknown> => {
        try {
          return await (Reflect.apply(member, target, args) as Promise<unknown>)
        } catch (error) {
          throw map(error)
        }
      }
    },
  })
}
