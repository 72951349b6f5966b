import { Counter, Gauge, Histogram, type Registry } from '../runtime/index.ts'

/** Counted per message, logged never. */
export interface GatewayMetrics {
  readonly received: Counter
  readonly acknowledged: Counter
  readonly refused: Counter<'reason'>
  readonly appended: Counter
  readonly sessionsEnded: Counter<'reason'>
  /** Messages in the batches of edge gateways: `kept`, or why not. */
  readonly uplinked: Counter<'result'>
  readonly appendSeconds: Histogram
  readonly appendFailures: Counter
}

export function createGatewayMetrics(
  registry: Registry,
  counts: () => {
    readonly connections: number
    readonly sessionsAway: number
    readonly messagesQueued: number
  },
): GatewayMetrics {
  const registers = [registry]
  const connections: Gauge = new Gauge({
    name: 'larder_gateway_connections',
    help: 'Connections open now.',
    registers,
    collect: () => connections.set(counts().connections),
  })
  const sessionsAway: Gauge = new Gauge({
    name: 'larder_gateway_sessions_away',
    help: 'Sessions kept for clients that are away.',
    registers,
    collect: () => sessionsAway.set(counts().sessionsAway),
  })
  const messagesQueued: Gauge = new Gauge({
    name: 'larder_gateway_session_messages',
    help: 'Messages that sessions have not acknowledged yet, those of clients that are away included.',
    registers,
    collect: () => messagesQueued.set(counts().messagesQueued),
  })
  return {
    received: new Counter({
      name: 'larder_gateway_received_total',
      help: 'Messages published to the gateway, refused ones included.',
      registers,
    }),
    acknowledged: new Counter({
      name: 'larder_gateway_acknowledged_total',
      help: 'Messages acknowledged, each after it was durable.',
      registers,
    }),
    refused: new Counter({
      name: 'larder_gateway_refused_total',
      help: 'Connections, messages and subscriptions refused, by reason.',
      labelNames: ['reason'],
      registers,
    }),
    appended: new Counter({
      name: 'larder_gateway_appended_total',
      help: 'Messages made durable in the message log.',
      registers,
    }),
    sessionsEnded: new Counter({
      name: 'larder_gateway_sessions_ended_total',
      help: 'Sessions ended because their client was away too long, or too many were.',
      labelNames: ['reason'],
      registers,
    }),
    uplinked: new Counter({
      name: 'larder_gateway_uplinked_total',
      help: 'Messages that edge gateways forwarded here: kept, or left out and why.',
      labelNames: ['result'],
      registers,
    }),
    appendSeconds: new Histogram({
      name: 'larder_gateway_append_seconds',
      help: 'Time until a batch of messages was durable.',
      buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5],
      registers,
    }),
    appendFailures: new Counter({
      name: 'larder_gateway_append_failures_total',
      help: 'Batches that could not be made durable; none of their messages was acknowledged.',
      registers,
    }),
  }
}
