import type { DeadLetter, Reading, ResourceKind } from '../domain/index.ts'
import type { Resources } from '../store/index.ts'
import type { Zones } from './zones.ts'

export type View = Readonly<Record<string, unknown>>

/** Fields of epoch ms, by kind, and the name they carry in the API where it is another. */
const times: Readonly<Record<keyof Resources, Readonly<Record<string, string>>>> = {
  sites: {},
  products: {},
  planograms: {},
  lanes: {},
  staff: {},
  devices: same('lastSeenAt', 'registeredAt'),
  stock: same('asOf', 'outOfStockSince', 'shelfAt', 'ledgerSince', 'disagreesSince'),
  forecasts: same('origin', 'issuedAt'),
  transfers: same(
    'proposedAt',
    'expiresAt',
    'decidedAt',
    'dispatchedAt',
    'shownEtaAt',
    'receivedAt',
  ),
  slots: { startAt: 'start', endAt: 'end' },
  bookings: {
    startAt: 'start',
    endAt: 'end',
    ...same('bookedAt', 'arrivedAt', 'collectedAt'),
  },
  'release-tasks': same('pickUpAt', 'releaseNotBefore', 'releaseNotAfter'),
  alarms: same('raisedAt', 'clearedAt'),
  'dead-letters': same('receivedAt', 'replayedAt'),
  models: same('trainedAt', 'historyFrom', 'historyUntil', 'stateSince', 'servedUntil'),
  context: { startAt: 'start', endAt: 'end', ...same('issuedAt', 'receivedAt') },
}

function same(...names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, name]))
}

/** The zone that a resource's times are shown in: its site's; a transfer's is the receiver's. */
function siteOf(item: object): string | null {
  const { site, to } = item as { site?: unknown; to?: unknown }
  return typeof site === 'string' ? site : typeof to === 'string' ? to : null
}

export function resourceView(kind: ResourceKind, item: object, zones: Zones): View {
  const format = zones.format(siteOf(item))
  const renamed = times[kind]
  const view: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(item)) {
    const shown = Object.hasOwn(renamed, name) ? renamed[name] : undefined
    if (shown === undefined) view[name] = value
    else view[shown] = typeof value === 'number' ? format(value) : null
  }
  return { ...view, ...extras(kind, item) }
}

function extras(kind: ResourceKind, item: object): View {
  const { site, device, product } = item as { site?: string; device?: string; product?: string }
  if (kind === 'devices') return { id: `${site ?? ''}.${device ?? ''}` }
  if (kind === 'stock') return { id: `${site ?? ''}.${product ?? ''}` }
  return kind === 'dead-letters' ? payloadView(item as DeadLetter) : {}
}

/** The exact bytes as base64, and as text where they are UTF-8. */
function payloadView(letter: DeadLetter): View {
  return { payload: Buffer.from(letter.payload).toString('base64'), text: textOf(letter.payload) }
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

export function readingView(reading: Reading, zones: Zones): View {
  const format = zones.format(reading.site)
  return {
    site: reading.site,
    device: reading.device,
    channel: reading.channel,
    gtin: reading.gtin,
    at: format(reading.at),
    receivedAt: format(reading.receivedAt),
    value: reading.value,
    seq: reading.seq,
    boot: reading.boot,
    index: reading.index,
    quality: reading.quality,
  }
}
