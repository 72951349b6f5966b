import { dayMs, hourMs, outOfStockMinutes } from '../../domain/index.ts'
import type { HourlySeries, SeriesStore } from '../../store/index.ts'
import type { Span } from './span.ts'

/** Hours as the demand history reads them. An array is empty where its kind of value is not kept. */
export interface HourlyValues extends Pick<HourlySeries, 'site' | 'device' | 'gtin' | 'from'> {
  readonly sum: ArrayLike<number>
  readonly last: ArrayLike<number>
}

type HourlyQuery = Parameters<SeriesStore['hourly']>[0]

export interface HourlyReader {
  hourly(query: HourlyQuery): Promise<readonly HourlyValues[]>
}

/** Before the end of the last span, and read again each time: almost all that comes late comes within these hours. */
const freshHours = 72
/** Where spans lie further apart, a full read is hardly more. */
const longestStepMs = 2 * dayMs
/** Of the older hours so many are read again each time, in turn, for what comes later still. */
const turnHours = 48

interface Kept {
  from: number
  to: number
  readonly rows: Map<string, Row>
  /** First of the older hours whose turn is next. */
  turn: number
}

interface Row extends Pick<HourlySeries, 'site' | 'device' | 'gtin'> {
  /** Sums (NaN: unknown), or minutes of a level (0: unknown). */
  readonly values: Float32Array | Uint8Array
}

/**
 * Answers what the series store would, of spans that move on with the clock, from the hours it keeps: of each span it reads the
 * last three days again and two of the older ones in turn, so a reading up to three days late counts at once and a later one
 * within half a day of hourly rounds. Another channel, a span before the kept one or too far after it is read in full.
 */
export function createHourlyCache(series: Pick<SeriesStore, 'hourly'>): HourlyReader {
  const kept = new Map<string, Kept>()
  const running = new Map<string, Promise<unknown>>()

  const answer = async (key: string, query: HourlyQuery): Promise<readonly HourlyValues[]> => {
    const before = kept.get(key)
    const hours = (query.to - query.from) / hourMs
    const now = before ?? { from: NaN, to: NaN, rows: new Map<string, Row>(), turn: NaN }
    const moved = (query.from - now.from) / hourMs
    const isNext =
      moved >= 0 &&
      now.to - now.from === query.to - query.from &&
      hours > freshHours + longestStepMs / hourMs &&
      query.to - now.to <= longestStepMs
    if (!isNext) {
      const state: Kept = { from: query.from, to: query.to, rows: new Map(), turn: query.from }
      take(state, await series.hourly(query), query)
      kept.set(key, state)
      return valuesOf(state, query)
    }
    const fresh: Span = {
      from: Math.max(query.from, now.to - freshHours * hourMs),
      to: query.to,
    }
    const first = now.turn >= query.from && now.turn < fresh.from ? now.turn : query.from
    const turn: Span = { from: first, to: Math.min(first + turnHours * hourMs, fresh.from) }
    const parts = await Promise.all([
      series.hourly({ ...query, ...fresh }),
      series.hourly({ ...query, ...turn }),
    ])
    // Nothing changes before all is read: a store that fails leaves what is kept as it was.
    now.from = query.from
    now.to = query.to
    now.turn = turn.to
    for (const { values } of now.rows.values()) shift(values, moved)
    for (const [i, span] of [fresh, turn].entries()) {
      for (const { values } of now.rows.values()) forget(values, now, span)
      take(now, parts[i]!, query)
    }
    for (const [name, { values }] of now.rows) if (isEmpty(values)) now.rows.delete(name)
    return valuesOf(now, query)
  }

  return {
    hourly(query) {
      const { channel, device, site, gtin, by } = query
      const key = JSON.stringify([channel, device, site, gtin, by])
      const next = (running.get(key) ?? Promise.resolve()).then(() => answer(key, query))
      running.set(
        key,
        next.catch(() => undefined),
      )
      return next
    },
  }
}

const isLevel = ({ channel }: HourlyQuery): boolean => channel === outOfStockMinutes

function isEmpty(values: Float32Array | Uint8Array): boolean {
  return values instanceof Float32Array ? values.every(Number.isNaN) : values.every((x) => x === 0)
}

function take(state: Kept, answers: readonly HourlySeries[], query: HourlyQuery): void {
  const hours = (state.to - state.from) / hourMs
  for (const { site, device, gtin, from, sum, last } of answers) {
    const name = JSON.stringify([site, device, gtin])
    let row = state.rows.get(name)
    if (!row) {
      const values = isLevel(query) ? new Uint8Array(hours) : new Float32Array(hours).fill(NaN)
      row = { site, device, gtin, values }
      state.rows.set(name, row)
    }
    const first = (from - state.from) / hourMs
    for (let i = 0; i < sum.length; i++) {
      if (isLevel(query)) {
        row.values[first + i] = last[i]! > 0 ? Math.min(60, Math.round(last[i]!)) : 0
      } else row.values[first + i] = sum[i]!
    }
  }
}

const unknownOf = (values: Float32Array | Uint8Array): number =>
  values instanceof Float32Array ? NaN : 0

function shift(values: Float32Array | Uint8Array, hours: number): void {
  values.copyWithin(0, hours)
  values.fill(unknownOf(values), values.length - hours)
}

function forget(values: Float32Array | Uint8Array, state: Kept, span: Span): void {
  const first = (span.from - state.from) / hourMs
  values.fill(unknownOf(values), first, first + (span.to - span.from) / hourMs)
}

const nothing = new Float32Array(0)

/** The arrays are those kept: whoever reads on must copy. */
function valuesOf({ from, rows }: Kept, query: HourlyQuery): readonly HourlyValues[] {
  return [...rows.values()].map(({ values, ...row }) => ({
    ...row,
    from,
    sum: isLevel(query) ? nothing : values,
    last: isLevel(query) ? values : nothing,
  }))
}
