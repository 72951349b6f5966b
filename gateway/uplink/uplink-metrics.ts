import { Counter, Gauge, type Registry } from '../../runtime/index.ts'

export interface UplinkMetrics {
  readonly forwarded: Counter<'kind'>
  readonly batches: Counter
  readonly dropped: Counter<'reason'>
  readonly connections: Counter
}

/** Positions and times of the uplink as they are now. */
export interface UplinkFigures {
  readonly isConnected: boolean
  /** Messages that the hub does not have and that are not live. */
  readonly backlog: number
  /** Running time since the oldest message that the hub does not have came. */
  readonly backlogMs: number
  /** Running time since the oldest live message that the hub does not have came. */
  readonly liveLagMs: number
}

export function createUplinkMetrics(
  registry: Registry,
  figures: () => UplinkFigures,
): UplinkMetrics {
  const registers = [registry]
  const gauge = (name: string, help: string, value: (now: UplinkFigures) => number): void => {
    const made: Gauge = new Gauge({
      name: `larder_gateway_${name}`,
      help,
      registers,
      collect: () => made.set(value(figures())),
    })
  }
  gauge('uplink_connected', '1 while the hub is connected.', (now) => (now.isConnected ? 1 : 0))
  gauge(
    'backlog_messages',
    'Messages that wait for the hub, live ones not counted.',
    (now) => now.backlog,
  )
  gauge(
    'backlog_seconds',
    'Running time since the oldest message that the hub does not have came.',
    (now) => now.backlogMs / 1000,
  )
  gauge(
    'live_lag_seconds',
    'Running time since the oldest live message that the hub does not have came.',
    (now) => now.liveLagMs / 1000,
  )
  return {
    forwarded: new Counter({
      name: 'larder_gateway_forwarded_total',
      help: 'Messages that the hub has acknowledged.',
      labelNames: ['kind'],
      registers,
    }),
    batches: new Counter({
      name: 'larder_gateway_forwarded_batches_total',
      help: 'Batches that the hub has acknowledged.',
      registers,
    }),
    dropped: new Counter({
      name: 'larder_gateway_dropped_total',
      help: 'Messages that will never reach the hub, by reason.',
      labelNames: ['reason'],
      registers,
    }),
    connections: new Counter({
      name: 'larder_gateway_uplink_connections_total',
      help: 'Times that the hub was connected.',
      registers,
    }),
  }
}
