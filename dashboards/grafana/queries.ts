import { quantileLevels } from '../../domain/index.ts'

export interface Query {
  readonly language: 'flux' | 'sql'
  readonly text: string
  readonly format: 'table' | 'time_series'
}

const sql = (text: string, format: Query['format'] = 'table'): Query => ({
  language: 'sql',
  text: text.trim(),
  format,
})
const flux = (text: string): Query => ({
  language: 'flux',
  text: text.trim(),
  format: 'time_series',
})

/**
 * The IEEE 754 double at a place (an SQL expression, from 0) of `forecasts.numbers`, little-endian: the mean and the
 * quantiles of the total, then of each hour. Zero and subnormal numbers read as 0.
 */
export function numberAt(place: string): string {
  const byte = (n: number) => `get_byte(f.numbers, (${place}) * 8 + ${n})`
  const exponent = `(((${byte(7)} & 127) << 4) | (${byte(6)} >> 4))`
  const mantissa = [5, 4, 3, 2, 1, 0].reduce(
    (text, n) => `(${text} * 256 + ${byte(n)})`,
    `(${byte(6)} & 15)::float8`,
  )
  const sign = `(CASE WHEN ${byte(7)} > 127 THEN -1 ELSE 1 END)`
  return `(CASE WHEN ${exponent} = 0 THEN 0 ELSE ${sign} * (1 + ${mantissa} / 4503599627370496::float8) * power(2::float8, ${exponent} - 1023) END)`
}

const width = quantileLevels.length + 1
const placeOf = (p: (typeof quantileLevels)[number]) => 1 + quantileLevels.indexOf(p)
const at = (column: string) => `to_timestamp(${column} / 1000.0)`

export const queries: Readonly<Record<string, Query>> = {
  'run-out': sql(`
WITH demand AS (
  SELECT f.site, f.product,
    ${numberAt(String(placeOf(0.5)))} AS median,
    ${numberAt(String(placeOf(0.9)))} AS p90
  FROM "forecastHeads" h JOIN forecasts f ON f.id = h.forecast
  WHERE f.target = 'demand'
)
SELECT s.site AS "Site", s.product AS "Product", s."onHand" AS "On hand", s.incoming AS "Incoming",
  d.median AS "12 h median", d.p90 AS "12 h P90",
  CASE WHEN s."onHand" <= 0 THEN 3 WHEN d.median > s."onHand" THEN 2 WHEN d.p90 > s."onHand" THEN 1 ELSE 0 END AS "State",
  ${at('s."asOf"')} AS "As of"
FROM stock s LEFT JOIN demand d ON d.site = s.site AND d.product = s.product
WHERE s.site IN (\${site:sqlstring})
ORDER BY "State" DESC, d.median / greatest(s."onHand", 1) DESC NULLS LAST
LIMIT 200`),

  'forecast-quantiles': sql(
    `
SELECT ${at('(f.origin + hour * 3600000)')} AS "time",
  ${([0.05, 0.25, 0.5, 0.75, 0.95] as const)
    .map((p) => `${numberAt(`(hour + 1) * ${width} + ${placeOf(p)}`)} AS "P${p * 100}"`)
    .join(',\n  ')}
FROM "forecastHeads" h JOIN forecasts f ON f.id = h.forecast CROSS JOIN generate_series(0, 11) AS hour
WHERE f.target = 'demand' AND f.site = \${fan_site:sqlstring} AND f.product = \${product:sqlstring}
  AND $__timeFilter(${at('(f.origin + hour * 3600000)')})
ORDER BY 1`,
    'time_series',
  ),

  'sold-hourly': flux(`
from(bucket: v.defaultBucket)
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "reading" and r._field == "sold")
  |> filter(fn: (r) => r.site == \${fan_site:json} and r.gtin == \${gtin:json})
  |> filter(fn: (r) => not exists r.quality or r.quality != "unregistered")
  |> group(columns: ["_measurement", "_field"])
  |> aggregateWindow(every: 1h, fn: sum, createEmpty: false, timeSrc: "_start")`),

  transfers: sql(`
SELECT ${at('"proposedAt"')} AS "Proposed", t.status AS "Status", t."fromSite" AS "From", t."toSite" AS "To",
  line->>'product' AS "Product", (line->>'units')::float8 AS "Units",
  (line->'reason'->>'valueToReceiver')::float8 / 100 AS "Value to receiver",
  (line->'reason'->>'lossToGiver')::float8 / 100 AS "Loss to giver",
  (line->'reason'->>'unitCosts')::float8 / 100 AS "Handling",
  (line->'reason'->>'tripCostShare')::float8 / 100 AS "Trip share",
  (line->>'saves')::float8 / 100 AS "Saves", line->'reason'->>'words' AS "Why"
FROM transfers t CROSS JOIN LATERAL json_array_elements(t.body::json->'lines') AS line
WHERE $__timeFilter(${at('t."proposedAt"')}) AND (t."fromSite" IN (\${site:sqlstring}) OR t."toSite" IN (\${site:sqlstring}))
ORDER BY t."proposedAt" DESC
LIMIT 200`),

  slots: sql(
    `
SELECT ${at('"startAt"')} AS "time", site AS metric,
  greatest(0, "capacityMinutes" - "walkInReserveMinutes" - "carriedOverMinutes" - "usedMinutes" - "heldMinutes") AS value
FROM slots
WHERE $__timeFilter(${at('"startAt"')}) AND site IN (\${site:sqlstring})
ORDER BY 1`,
    'time_series',
  ),

  'cold-rooms': flux(`
from(bucket: v.defaultBucket)
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "reading" and r._field == "celsius")
  |> filter(fn: (r) => contains(value: r.site, set: \${site:json}))
  |> group(columns: ["_measurement", "_field", "site", "device"])
  |> aggregateWindow(every: v.windowPeriod, fn: mean, createEmpty: false)`),

  'device-health': sql(`
SELECT site AS "Site", device AS "Device", kind AS "Kind", status AS "Status", connection AS "Connection",
  "batteryPct" AS "Battery", ${at('"lastSeenAt"')} AS "Last seen", firmware AS "Firmware"
FROM devices
WHERE status <> 'revoked' AND site IN (\${site:sqlstring})
ORDER BY connection = 'online', "lastSeenAt" NULLS FIRST
LIMIT 500`),

  'readings-rate': flux(`
from(bucket: v.defaultBucket)
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "reading" and r._field != "meta")
  |> filter(fn: (r) => contains(value: r.site, set: \${site:json}))
  |> group(columns: ["_measurement", "site"])
  |> aggregateWindow(every: v.windowPeriod, fn: count, createEmpty: false)`),

  alarms: sql(`
SELECT ${at('"raisedAt"')} AS "Raised", severity AS "Severity", kind AS "Kind", site AS "Site",
  coalesce(device, product, '') AS "Device or product", words AS "What to do"
FROM alarms
WHERE "clearedAt" IS NULL AND site IN (\${site:sqlstring})
ORDER BY CASE severity WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, "raisedAt" DESC
LIMIT 200`),
}

export const variableQueries = {
  site: `SELECT body::json->>'name' AS "__text", id AS "__value" FROM master WHERE kind = 'sites' ORDER BY 1`,
  fan_site: `SELECT body::json->>'name' AS "__text", id AS "__value" FROM master WHERE kind = 'sites' AND body::json->>'kind' = 'store' ORDER BY 1`,
  product: `SELECT body::json->>'name' AS "__text", id AS "__value" FROM master WHERE kind = 'products' ORDER BY 1`,
  gtin: `SELECT body::json->>'gtin' AS "__value" FROM master WHERE kind = 'products' AND id = \${product:sqlstring}`,
} as const

/** What a person should see on every curve: alarms, from raised to cleared. */
export const alarmAnnotation = `SELECT ${at('"raisedAt"')} AS time, ${at('"clearedAt"')} AS timeend, words AS text, kind AS tags FROM alarms WHERE $__timeFilter(${at('"raisedAt"')}) AND severity = 'critical'`
