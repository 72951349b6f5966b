import { collectDefaultMetrics, Registry } from 'prom-client'

export { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** One registry for a process; stages add their own metrics to the one they are given. Names: `larder_<stage>_<what>_<unit>`. */
export function createMetrics(
  options: { readonly withProcess: boolean } = { withProcess: true },
): Registry {
  const registry = new Registry()
  if (options.withProcess) collectDefaultMetrics({ register: registry })
  return registry
}
