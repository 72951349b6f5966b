import { appendFileSync } from 'node:fs'
import { connect } from 'mqtt'

/**
 * A process that publishes until its standard input closes, and keeps its own list of what was acknowledged:
 *   tsx publisher.ts PORT LEDGER_FILE '[{"clientId":…,"username":…,"password":…}, …]' [PAUSE_MS]
 * A line of the ledger is `site/device seq`, written only once the broker has acknowledged. A message not acknowledged
 * when the connection breaks is sent again under the same seq, as a device would.
 */
interface Credential {
  readonly clientId: string
  readonly username: string
  readonly password: string
}
const [port = '', ledger = '', credentials = '[]', pauseMs = '0'] = process.argv.slice(2)
const inFlight = 20
const boot = '00c0ffee00c0ffee'

let isStopping = false
process.stdin.on('end', () => (isStopping = true)).resume()

async function publishAs(credential: Credential): Promise<void> {
  let nextSeq = 0
  const unacknowledged = new Set<number>()
  while (!isStopping || unacknowledged.size > 0) {
    const client = connect({
      host: '127.0.0.1',
      port: Number(port),
      ...credential,
      reconnectPeriod: 0,
      connectTimeout: 2_000,
      // A resend is ours to make: the library's store would hide which acknowledgement belongs to which life of the broker.
      queueQoSZero: false,
    })
    const closed = new Promise<void>((resolve) => {
      client.once('close', () => resolve())
    })
    client.on('error', () => undefined)
    const publish = (seq: number): void => {
      unacknowledged.add(seq)
      const payload = JSON.stringify({
        seq,
        boot,
        at: 1_790_000_000_000 + seq * 1000,
        values: { celsius: seq % 40 },
      })
      client.publish(`v1/${credential.username}/telemetry`, payload, { qos: 1 }, (error) => {
        if (error) return
        appendFileSync(ledger, `${credential.username} ${seq}\n`)
        unacknowledged.delete(seq)
        if (isStopping) {
          if (unacknowledged.size === 0) client.end(true)
        } else if (pauseMs === '0') publish(nextSeq++)
        else setTimeout(next, Number(pauseMs))
      })
    }
    const next = (): void => {
      if (!isStopping && client.connected) publish(nextSeq++)
      else if (isStopping && unacknowledged.size === 0) client.end(true)
    }
    client.once('connect', () => {
      for (const seq of [...unacknowledged]) publish(seq)
      while (!isStopping && unacknowledged.size < inFlight) publish(nextSeq++)
      if (isStopping && unacknowledged.size === 0) client.end(true)
    })
    await closed
    client.end(true)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

await Promise.all((JSON.parse(credentials) as Credential[]).map(publishAs))
