import { hourMs, outOfStockMinutes, type ContextIssue, type Progress } from '../domain/index.ts'
import {
  readCityDemand,
  readCityFootfall,
  trimHistory,
  type CityStores,
  type History,
} from '../models/index.ts'
import { eachItem, type Connection } from './connection.ts'

/** Of one question, so that an answer stays small. */
const hoursAtOnce = 24 * 31
/** An issue speaks of so many hours at most. */
const mostContextHours = 400

type HourlyQuery = Parameters<CityStores['series']['hourly']>[0]
type HourlyRow = Awaited<ReturnType<CityStores['series']['hourly']>>[number]

/** Demand or footfall by hour in [from, to), read over the API as the models read it from the stores. */
export async function readHistory(
  connection: Connection,
  what: 'demand' | 'footfall',
  span: { readonly from: number; readonly to: number; readonly site?: string | undefined },
  onProgress: (progress: Pick<Progress, 'task' | 'done' | 'of'>) => void,
): Promise<History> {
  const all = async <T>(
    path: string,
    query: Readonly<Record<string, string>> = {},
  ): Promise<T[]> => {
    const found: T[] = []
    for await (const item of eachItem<T>(connection, path, { ...query, limit: 1000 }))
      found.push(item)
    return found
  }
  const sites =
    span.site === undefined
      ? (await all<{ id: string }>('/v1/sites')).map(({ id }) => id)
      : [span.site]
  const stores: CityStores = {
    series: {
      async hourly(query) {
        const rows: HourlyRow[] = []
        for (const [done, site] of sites.entries()) {
          if (query.site !== undefined && query.site !== site) continue
          rows.push(...(await readHours(connection, site, query)))
          onProgress({
            task: `hours of ${query.channel ?? 'all'}`,
            done: done + 1,
            of: sites.length,
          })
        }
        return rows
      },
    },
    operations: {
      all: (kind) => all(`/v1/${kind}`),
      async readContext({ from, to }) {
        const query = { from: time(from - mostContextHours * hourMs), to: time(to) }
        return (await all<ContextView>('/v1/context', query)).map(toIssue)
      },
    },
  }
  const read = what === 'footfall' ? readCityFootfall : readCityDemand
  return trimHistory(await read(stores, { from: span.from, to: span.to }))
}

const time = (at: number): string => new Date(at).toISOString()

interface HourlyView extends Pick<HourlyRow, 'site' | 'device' | 'gtin'> {
  readonly hours: readonly { readonly at: string; readonly sum: number; readonly last: number }[]
}

/** Of a count its sums, of a level what it was last: the other is not asked for. */
async function readHours(
  { request }: Connection,
  site: string,
  { channel, device, by, from, to }: HourlyQuery,
): Promise<Iterable<HourlyRow>> {
  const isLevel = channel === outOfStockMinutes
  const none = new Float32Array(0)
  const rows = new Map<string, HourlyRow>()
  for (let start = from; start < to; start += hoursAtOnce * hourMs) {
    const end = Math.min(to, start + hoursAtOnce * hourMs)
    const query = new URLSearchParams({ site, by, from: time(start), to: time(end) })
    if (channel !== undefined) query.set('channel', channel)
    if (device !== undefined) query.set('device', device)
    const path = `/v1/readings/hourly?${query.toString()}`
    const { items } = await request<{ items: HourlyView[] }>('GET', path)
    for (const item of items) {
      const key = `${item.device} ${item.gtin}`
      const row = rows.get(key)
      const values =
        row === undefined
          ? new Float32Array(Math.round((to - from) / hourMs)).fill(NaN)
          : ((isLevel ? row.last : row.sum) as Float32Array)
      for (const hour of item.hours)
        values[Math.round((Date.parse(hour.at) - from) / hourMs)] = isLevel ? hour.last : hour.sum
      const kept = isLevel ? { sum: none, last: values } : { sum: values, last: none }
      rows.set(key, { site, device: item.device, gtin: item.gtin, from, ...kept })
    }
  }
  return rows.values()
}

type IssueTime = 'startAt' | 'endAt' | 'issuedAt' | 'receivedAt'
interface ContextView extends Omit<ContextIssue, IssueTime> {
  readonly start: string
  readonly end: string
  readonly issuedAt: string
  readonly receivedAt: string
}

function toIssue({ start, end, issuedAt, receivedAt, ...rest }: ContextView): ContextIssue {
  return {
    ...rest,
    ...{ startAt: Date.parse(start), endAt: Date.parse(end) },
    ...{ issuedAt: Date.parse(issuedAt), receivedAt: Date.parse(receivedAt) },
  }
}
