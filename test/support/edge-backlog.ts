import { join } from 'node:path'
import { openSqliteMessageLog } from '../../message-log/index.ts'
import { wallClock } from '../../runtime/index.ts'
import { site } from './edge-and-hub.ts'
import type { LarderProcess } from './larder-process.ts'

const boot = '00c0ffee00c0ffee'
const batchMessages = 1000

export interface Backlog {
  readonly devices: readonly string[]
  /** Lines `site/device seq` of all that is kept. */
  readonly lines: readonly string[]
}

/** What devices sent while the line was cut, one message of each every ten seconds: written to the log of a stopped edge gateway. */
export async function writeBacklog(
  folder: string,
  options: { readonly messages: number; readonly devices: number; readonly firstSeq: number },
): Promise<Backlog> {
  const { messages, firstSeq } = options
  const devices = Array.from({ length: options.devices }, (_, index) => `b-${index}`)
  const file = join(folder, 'edge', 'log.db')
  const log = openSqliteMessageLog({ file, wall: wallClock, notice: () => undefined })
  const everyMs = 10_000 / options.devices
  const startAt = wallClock.now() - messages * everyMs
  const lines: string[] = []
  for (let from = 0; from < messages; from += batchMessages) {
    const count = Math.min(batchMessages, messages - from)
    await log.append(
      Array.from({ length: count }, (_, index) => {
        const number = from + index
        const device = devices[number % devices.length]!
        const seq = firstSeq + Math.floor(number / devices.length)
        const receivedAt = Math.floor(startAt + number * everyMs)
        const values = { celsius: seq % 40 }
        lines.push(`${site}/${device} ${seq}`)
        return {
          topic: `v1/${site}/${device}/telemetry`,
          payload: Buffer.from(JSON.stringify({ seq, boot, at: receivedAt, values })),
          ...{ receivedAt, qos: 1, retain: false, clientId: `${site}.${device}` },
        }
      }),
    )
  }
  await log.close()
  return { devices, lines }
}

/** Makes the devices known at the hub, without a password of their own. */
export async function registerAtHub(hub: LarderProcess, devices: readonly string[]): Promise<void> {
  const registrations = devices.map((device) => ({
    ...{ site, device, kind: 'probe', zone: null, revoked: false },
    ...{ salt: '0'.repeat(32), hash: '0'.repeat(64) },
  }))
  const { status } = await hub.request('POST', '/v1/registrations', { registrations })
  if (status !== 200) throw new Error(`the devices could not be registered: ${status}`)
}
