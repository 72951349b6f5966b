import { readFileSync } from 'node:fs'
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { openAccess, type KafkaAccess } from './kafka-access.ts'
import { createSaslExchange } from './sasl.ts'

/** A connection of our own to one broker, for what the add-on does not ask; one question at a time. */
export interface BrokerConnection {
  /** `rest`: of the request, after the client id of its header. Resolves with the answer after its correlation id. */
  ask(apiKey: number, version: number, rest: Buffer): Promise<Buffer>
  close(): void
}

const apiKeys = { saslHandshake: 17, saslAuthenticate: 36 } as const
const clientId = Buffer.from('larder')
/** More is no answer to anything that is asked here. */
const mostBytes = 64 * 1024 * 1024

/** `broker`: host:port. Rejects where it is away, is not who its certificate says, or refuses the login. */
export async function openBrokerConnection(
  broker: string,
  access: KafkaAccess = openAccess,
  withinMs: number,
): Promise<BrokerConnection> {
  const connection = createConnection(openSocket(broker, access), broker, withinMs)
  try {
    await logIn(connection, access)
  } catch (error) {
    connection.close()
    throw error
  }
  return connection
}

function openSocket(broker: string, { tls }: KafkaAccess): Socket {
  const at = broker.lastIndexOf(':')
  const host = broker.slice(0, at).replace(/^\[|\]$/g, '')
  const to = { host, port: Number(broker.slice(at + 1)) }
  if (!tls) return connect(to)
  return connectTls({
    ...to,
    ...(isIP(host) === 0 && { servername: host }),
    ...(tls.ca && { ca: readFileSync(tls.ca) }),
    ...(tls.cert && { cert: readFileSync(tls.cert), key: readFileSync(tls.key) }),
  })
}

function createConnection(socket: Socket, broker: string, withinMs: number): BrokerConnection {
  let received = Buffer.alloc(0)
  let failure: Error | null = null
  let wake: () => void = () => undefined
  const fail = (error: Error): void => {
    failure ??= error
    wake()
  }
  socket.setTimeout(withinMs, () => socket.destroy(new Error(`${broker} does not answer`)))
  socket.on('error', fail)
  socket.on('close', () =>
    fail(new Error(`${broker} closed the connection: it may want TLS, or a login`)),
  )
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk])
    wake()
  })

  async function frame(): Promise<Buffer> {
    for (;;) {
      const length = received.length < 4 ? null : received.readUInt32BE(0)
      if (length !== null && (length < 4 || length > mostBytes))
        throw new Error(`${broker} does not speak Kafka's protocol here`)
      if (length !== null && received.length >= 4 + length) {
        const answer = received.subarray(8, 4 + length)
        received = received.subarray(4 + length)
        return answer
      }
      if (failure) throw failure
      await new Promise<void>((resolve) => (wake = resolve))
    }
  }

  return {
    ask(apiKey, version, rest) {
      const head = Buffer.alloc(14)
      head.writeUInt32BE(10 + clientId.length + rest.length, 0)
      head.writeUInt16BE(apiKey, 4)
      head.writeUInt16BE(version, 6)
      head.writeUInt16BE(clientId.length, 12)
      socket.write(Buffer.concat([head, clientId, rest]))
      return frame()
    },
    close: () => void socket.destroy(),
  }
}

async function logIn(connection: BrokerConnection, { login }: KafkaAccess): Promise<void> {
  if (!login) return
  const name = Buffer.from(login.mechanism)
  const handshake = await connection.ask(
    apiKeys.saslHandshake,
    1,
    Buffer.concat([Buffer.from([0, name.length]), name]),
  )
  if (handshake.readInt16BE(0) !== 0)
    throw new Error(`the broker does not take the mechanism ${login.mechanism}`)
  const exchange = createSaslExchange(login)
  for (let next: Buffer | null = exchange.first; next !== null;) {
    const size = Buffer.alloc(4)
    size.writeInt32BE(next.length)
    const answer = await connection.ask(apiKeys.saslAuthenticate, 0, Buffer.concat([size, next]))
    const wordsLength = Math.max(0, answer.readInt16BE(2))
    if (answer.readInt16BE(0) !== 0)
      throw new Error(answer.toString('utf8', 4, 4 + wordsLength) || 'the login is refused')
    next = exchange.next(answer.subarray(8 + wordsLength))
  }
}
