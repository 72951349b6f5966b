import { badPayload } from '../decode/telemetry.ts'
import type { MetricTable } from './edge-nodes.ts'
import {
  isControl,
  numberOf,
  timeOfMetric,
  type MetricDefinition,
  type MetricValue,
} from './metric-values.ts'
import type { SparkplugMetric, SparkplugPayload } from './payload.ts'

export interface ReadMetrics {
  readonly values: readonly MetricValue[]
  /** Said to have no value now. */
  readonly nulls: number
  /** No numbers: texts, data sets, templates, times, NaN, whole numbers beyond 2^53. */
  readonly skipped: number
}

/** Names and types of a birth. A name that comes twice is the last one. */
export function tableOf({ metrics }: SparkplugPayload): MetricTable {
  const byAlias = new Map<string, MetricDefinition>()
  const byName = new Map<string, MetricDefinition>()
  for (const { name, alias, datatype } of metrics) {
    if (name === undefined) throw badPayload('bad-channel', 'A metric of a birth needs its name.')
    const definition = { name, datatype: datatype ?? null }
    byName.set(name, definition)
    if (alias !== undefined) byAlias.set(alias, definition)
  }
  return { byAlias, byName }
}

/** The numbers of a payload under their names; null where a metric cannot be told without a birth that is not known. */
export function readMetrics(
  payload: SparkplugPayload,
  table: MetricTable | undefined,
): ReadMetrics | null {
  const values: MetricValue[] = []
  let nulls = 0
  let skipped = 0
  for (const metric of payload.metrics) {
    const definition = define(metric, table)
    if (!definition) return null
    if (isControl(definition.name)) continue
    if (metric.isNull === true) {
      nulls++
      continue
    }
    const value = numberOf(metric, metric.datatype ?? definition.datatype)
    if (value === null) skipped++
    else
      values.push({
        name: definition.name,
        value,
        at: timeOfMetric(metric, payload.at),
        isHistorical: metric.isHistorical === true,
      })
  }
  return { values, nulls, skipped }
}

/** A name stands for itself where its type is said too, or needs none. */
function define(
  metric: SparkplugMetric,
  table: MetricTable | undefined,
): MetricDefinition | undefined {
  const { name, alias, datatype } = metric
  if (name === undefined) return table?.byAlias.get(alias ?? '')
  const known = table?.byName.get(name)
  if (known) return known
  const isWhole = metric.intValue !== undefined || metric.longValue !== undefined
  return datatype !== undefined || !isWhole ? { name, datatype: datatype ?? null } : undefined
}

export function bdSeqOf({ metrics }: SparkplugPayload): number | null {
  const metric = metrics.find(({ name }) => name === 'bdSeq')
  return metric ? numberOf(metric, metric.datatype ?? 8) : null
}
