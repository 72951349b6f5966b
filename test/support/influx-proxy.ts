import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

/**
 * What becomes of a request. `busy` and `slow-down` are answered without the server; the others reach it: `deaf` gets no answer, `cut`
 * half of one, `torn` only half of what was sent.
 */
export type Fate = 'pass' | 'busy' | 'slow-down' | 'deaf' | 'cut' | 'torn'

export interface InfluxProxy {
  readonly url: string
  /** Chooses for each request; by itself all pass. */
  setFate(choose: (path: string) => Fate): void
  met(): ReadonlyMap<Fate, number>
  stop(): Promise<void>
}

/** Stands between a program and InfluxDB and does to requests what bad days do. */
export async function startInfluxProxy(to: string): Promise<InfluxProxy> {
  const met = new Map<Fate, number>()
  let choose: (path: string) => Fate = () => 'pass'

  const server = createServer((asked, answer) => {
    void serve(asked, answer).catch(() => answer.destroy())
  })

  async function serve(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const fate = choose(asked.url ?? '')
    met.set(fate, (met.get(fate) ?? 0) + 1)
    const parts: Buffer[] = []
    for await (const part of asked) parts.push(part as Buffer)
    const body = Buffer.concat(parts)
    if (fate === 'busy' || fate === 'slow-down') {
      answer.writeHead(fate === 'busy' ? 503 : 429).end('{"message":"not now"}')
      return
    }
    const sent = fate === 'torn' ? body.subarray(0, body.length >> 1) : body
    const onward = request(`${to}${asked.url ?? ''}`, {
      method: asked.method,
      headers: { ...asked.headers, host: new URL(to).host },
    })
    onward.on('error', () => answer.destroy())
    if (fate === 'torn') {
      onward.write(sent)
      setTimeout(() => {
        onward.destroy()
        answer.destroy()
      }, 5)
      return
    }
    onward.end(sent)
    const [found] = (await once(onward, 'response')) as [IncomingMessage]
    const back: Buffer[] = []
    for await (const part of found) back.push(part as Buffer)
    if (fate === 'deaf') return
    const text = Buffer.concat(back)
    answer.writeHead(found.statusCode ?? 500, { ...found.headers })
    if (fate === 'cut') {
      answer.write(text.subarray(0, text.length >> 1))
      answer.destroy()
    } else answer.end(text)
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    setFate: (next) => (choose = next),
    met: () => met,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
