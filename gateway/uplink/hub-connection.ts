import { connect, type IClientOptions, type MqttClient } from 'mqtt'
import { errorMessage } from '../../domain/index.ts'

/** One connection to the hub, from its login to its end; then a new one is made. */
export interface HubConnection {
  /** Calls back with true once the hub has acknowledged on this very connection; else never, or with false. */
  readonly publish: (topic: string, payload: Buffer | string, options: PublishOptions) => void
  /** Resolves with a sentence once the connection has ended. */
  readonly ended: Promise<string>
  readonly end: (words: string) => void
  /** Says goodbye, so that the hub does not publish the Will. */
  readonly leave: () => Promise<void>
}

interface PublishOptions {
  readonly retain: boolean
  readonly done: (isAcknowledged: boolean) => void
}

export interface HubLogin {
  readonly url: string
  readonly clientId: string
  readonly username: string
  readonly password: string | null
  readonly ca: Buffer | null
  readonly cert: Buffer | null
  readonly key: Buffer | null
  readonly will: { readonly topic: string; readonly payload: string }
}

const connectWithinMs = 15_000
const keepAliveSeconds = 15
const leaveWithinMs = 1000

/**
 * Logs in; rejects with a sentence where the hub cannot be reached or refuses. Each connection is a client of its own that
 * never reconnects: what is on its way is ours to know, and the library's store would hide which acknowledgement belongs
 * to which connection (MQTT.js#2015).
 */
export function connectHub(
  login: HubLogin,
  options: {
    readonly subscribe: string
    /** The message is acknowledged to the hub once this has resolved. */
    readonly onMessage: (topic: string, payload: Buffer) => Promise<void>
    readonly signal: AbortSignal
  },
): Promise<HubConnection> {
  const { url, will, password, ca, cert, key } = login
  const settings: IClientOptions = {
    clientId: login.clientId,
    username: login.username,
    ...(password === null ? {} : { password }),
    ...(ca ? { ca } : {}),
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
    will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true },
    protocolVersion: 4,
    clean: true,
    reconnectPeriod: 0,
    resubscribe: false,
    connectTimeout: connectWithinMs,
    keepalive: keepAliveSeconds,
  }
  return new Promise((resolve, reject) => {
    let client: MqttClient
    try {
      client = connect(url, settings)
    } catch (error) {
      reject(new Error(errorMessage(error), { cause: error }))
      return
    }
    let words: string | null = null
    let isOpen = false
    let tellEnd: (words: string) => void = () => undefined
    const ended = new Promise<string>((tell) => (tellEnd = tell))

    const close = (reason: string): void => {
      isOpen = false
      words ??= reason
      options.signal.removeEventListener('abort', abort)
      client.end(true)
      tellEnd(words)
      reject(new Error(words))
    }
    const abort = (): void => close('It was stopped.')
    options.signal.addEventListener('abort', abort, { once: true })

    client.on('error', (error) => (words ??= describe(error)))
    client.on('close', () => close('The connection was closed.'))
    client.handleMessage = (packet, done) => {
      const payload = Buffer.from(packet.payload)
      options.onMessage(packet.topic, payload).then(
        () => done(),
        (error: unknown) => close(`What the hub sent could not be kept: ${errorMessage(error)}`),
      )
    }
    client.once('connect', () => {
      isOpen = true
      client.subscribe(options.subscribe, { qos: 1 }, (error) => {
        if (error && isOpen) close(`The hub does not let it subscribe: ${error.message}`)
      })
      resolve({
        ended,
        end: close,
        publish(topic, payload, { retain, done }) {
          if (!isOpen) return
          client.publish(topic, payload, { qos: 1, retain }, (error) => done(!error && isOpen))
        },
        async leave() {
          if (!isOpen) return
          isOpen = false
          const deadline = setTimeout(() => client.end(true), leaveWithinMs)
          await client.endAsync().catch(() => undefined)
          clearTimeout(deadline)
          close('It was stopped.')
        },
      })
    })
  })
}

/** CONNACK codes of MQTT 3.1.1, 3.2.2.3. */
const refusals: Readonly<Record<number, string>> = {
  1: 'The hub does not speak MQTT 3.1.1.',
  2: 'The hub refuses the client id: is the gateway registered there ("larder devices add SITE/NAME --kind gateway")?',
  3: 'The hub is not ready.',
  4: 'The hub refuses the password: "larder devices rotate SITE/NAME" at the hub gives a new one.',
  5: 'The hub refuses the login: the gateway is revoked there, or may not say how it is.',
}

function describe(error: Error): string {
  const { code } = error as { code?: unknown }
  if (typeof code === 'number') return refusals[code] ?? error.message
  // A name with several addresses fails with one error for each.
  const first = error instanceof AggregateError ? (error.errors[0] as Error) : error
  const text = first.message === '' ? String(code) : first.message
  return `${text.replace(/[.]$/, '')}.`
}
