import type { Settings } from '../../config/index.ts'
import { errorMessage, type DevicePath, type Random, type StageStatus } from '../../domain/index.ts'
import type { EmbeddedMessageLog } from '../../message-log/index.ts'
import { backoffMs, version, type Logger, type Registry, type Stage } from '../../runtime/index.ts'
import { forward } from './forward.ts'
import { connectHub, type HubConnection } from './hub-connection.ts'
import { readHubLogin } from './hub-login.ts'
import { createRate } from './rate.ts'
import { openUplinkLedger } from './uplink-ledger.ts'
import { createUplinkMetrics, type UplinkFigures } from './uplink-metrics.ts'
import { startUplinkRetention } from './uplink-retention.ts'
import { describeUplink } from './uplink-words.ts'

/** The edge's end of an uplink. */
export interface Uplink extends Stage {
  /** The log that the gateway is to append to: the uplink sees what comes. */
  readonly log: EmbeddedMessageLog
  status(): StageStatus
}

export interface UplinkDeps {
  readonly settings: Settings['uplink']
  readonly identity: DevicePath
  readonly log: EmbeddedMessageLog
  /** Where it keeps what the hub has acknowledged. */
  readonly file: string
  /** Takes what the hub sends to `v1/{site}/+/command`; resolves once it is durable. */
  readonly onCommand: (topic: string, payload: Buffer) => Promise<void>
  /** Receive times. */
  readonly clock: { now(): number }
  /** Milliseconds that only go forward. */
  readonly monotonic: { now(): number }
  readonly random: Random
  readonly logger: Logger
  readonly metrics: Registry
}

const backoff = { firstMs: 500, longestMs: 30_000 }
const lingerMs = 30
const liveLagMs = 10_000
/** A hub that acknowledges nothing for so long is not there, whatever TCP says. */
const acknowledgeWithinMs = 30_000
const watchEveryMs = 1000
const leastBatchBytes = 2048
const leaveWithinMs = 1000

/**
 * Forwards the gateway's log to its hub until stopped: live messages first, what the hub does not have of before behind them,
 * each at least once and marked as what it is. What the hub has acknowledged is remembered; the rest is kept.
 */
export async function startUplink(deps: UplinkDeps): Promise<Uplink> {
  const { settings, identity, monotonic, logger } = deps
  const { site, device } = identity
  const topicOf = (what: string): string => `v1/${site}/${device}/${what}`
  const hubName = new URL(settings.url).host
  const stopping = new AbortController()
  const isStopping = (): boolean => stopping.signal.aborted
  const ledger = await openUplinkLedger(deps)
  const { arrivals, acknowledged } = ledger

  let hub: HubConnection | null = null
  let words = ''
  let liveFrom = Infinity
  let fruitless = 0
  let batchBytes = settings.maxPacketBytes
  let hasAcknowledged = false
  let dropped = 0
  const backlogRate = createRate(monotonic)

  const figures = (): UplinkFigures => {
    const end = arrivals.end()
    const oldest = acknowledged.gap(1, end)
    const oldestLive = acknowledged.gap(liveFrom, end)
    return {
      isConnected: hub !== null,
      backlog: ledger.missing(ledger.start(), hub ? Math.min(end, liveFrom - 1) : end),
      backlogMs: oldest ? arrivals.ageMs(oldest[0]) : 0,
      liveLagMs: hub && oldestLive ? arrivals.ageMs(oldestLive[0]) : 0,
    }
  }
  const metrics = createUplinkMetrics(deps.metrics, figures)
  const retention = startUplinkRetention({
    ...deps,
    ledger,
    onDropped(count) {
      dropped += count
      metrics.dropped.inc({ reason: 'too-old-or-too-much' }, count)
      logger.warn(
        `${count} messages were dropped, the oldest of those that the hub does not have: uplink.keepHours and uplink.keepMegabytes keep no more.`,
      )
    },
  })

  /** From the login to the end of one connection; resolves with why it ended. */
  const serve = async (connection: HubConnection): Promise<string> => {
    const session = new AbortController()
    const waiting = new Map<object, number>()
    hub = connection
    hasAcknowledged = false
    metrics.connections.inc()
    logger.info(`connected to hub ${hubName}`)
    const online = JSON.stringify({ state: 'online', firmware: version })
    connection.publish(topicOf('state'), online, { retain: true, done: () => undefined })

    const watching = setInterval(() => {
      const [oldest] = waiting.values()
      if (oldest !== undefined && monotonic.now() - oldest > acknowledgeWithinMs)
        connection.end(`It has acknowledged nothing for ${acknowledgeWithinMs / 1000} s.`)
    }, watchEveryMs)
    const forwarding = forward({
      ...{ log: deps.log, logId: ledger.logId, arrivals, acknowledged },
      start: () => ledger.start(),
      ...{ clock: deps.clock, monotonic, signal: session.signal },
      settings: { ...settings, batchBytes, lingerMs, liveLagMs },
      publish(payload, done) {
        const token = {}
        waiting.set(token, monotonic.now())
        connection.publish(topicOf('uplink'), payload, {
          retain: false,
          done(isAcknowledged) {
            waiting.delete(token)
            done(isAcknowledged)
          },
        })
      },
      onAcknowledged({ count }, kind) {
        hasAcknowledged = true
        fruitless = 0
        metrics.forwarded.inc({ kind }, count)
        metrics.batches.inc()
        if (kind === 'backlog') backlogRate.add(count)
      },
      onSkipped(from, to, reason) {
        const count = ledger.missing(Math.max(from, ledger.start()), to)
        acknowledged.add(from, to)
        if (count === 0) return
        dropped += count
        metrics.dropped.inc({ reason }, count)
        logger.warn(`${count} messages cannot be forwarded (${reason}): positions ${from} to ${to}`)
      },
      onLiveFrom: (position) => (liveFrom = position),
    }).catch((error: unknown) =>
      connection.end(`The message log could not be read: ${errorMessage(error)}`),
    )
    const ended = await connection.ended
    session.abort()
    clearInterval(watching)
    await forwarding
    hub = null
    liveFrom = Infinity
    return ended
  }

  const run = async (): Promise<void> => {
    for (let attempt = 0; !isStopping(); attempt++) {
      try {
        const connection = await connectHub(await readHubLogin(settings, identity), {
          subscribe: `v1/${site}/+/command`,
          onMessage: deps.onCommand,
          signal: stopping.signal,
        })
        words = await serve(connection)
        // Half as long after a connection that brought nothing: a line that breaks early still gets something through.
        const next = hasAcknowledged ? batchBytes * 2 : batchBytes / 2
        batchBytes = Math.min(settings.maxPacketBytes, Math.max(leastBatchBytes, next))
        if (hasAcknowledged) attempt = 0
        else fruitless++
      } catch (error) {
        words = errorMessage(error)
      }
      if (isStopping()) return
      if (attempt === 0) logger.warn(`the hub ${hubName} is not connected: ${words}`)
      await pause(backoffMs(attempt, backoff, deps.random), stopping.signal)
    }
  }
  const running = run()

  const leave = async (): Promise<void> => {
    const connection = hub
    if (!connection) return
    const offline = JSON.stringify({ state: 'offline', firmware: version })
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, leaveWithinMs)
      connection.publish(topicOf('state'), offline, {
        retain: true,
        done() {
          clearTimeout(timer)
          resolve()
        },
      })
    })
    await connection.leave()
  }

  let stopped: Promise<void> | undefined
  return {
    log: {
      ...deps.log,
      async append(messages) {
        const positions = await deps.log.append(messages)
        arrivals.reached(positions.at(-1) ?? 0)
        return positions
      },
    },
    status: () =>
      describeUplink({
        ...figures(),
        ...{ hub: hubName, words, fruitless, dropped, backlogPerSecond: backlogRate.perSecond() },
        ...{ keepHours: settings.keepHours, keepMegabytes: settings.keepMegabytes },
      }),
    stop: () =>
      (stopped ??= (async () => {
        retention.stop()
        await leave()
        stopping.abort()
        await running
        await ledger.stop()
      })()),
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const timer = setTimeout(finish, ms)
    signal.addEventListener('abort', finish, { once: true })
    if (signal.aborted) finish()
  })
}
