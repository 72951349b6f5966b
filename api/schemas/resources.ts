import { Type, type TObject, type TSchema } from 'typebox'
import { deviceKinds, modelStates, resourceKinds, type MasterKind } from '../../domain/index.ts'
import { masterSchemas, TempClass } from '../../domain/master-data.ts'
import type { Resources } from '../../store/index.ts'
import { Count, named, NumberOrNull, oneOf, ref, TextOrNull, Time, TimeOrNull } from './common.ts'
import { Context, Explanation } from './outside.ts'

/** What the API shows of each resource: the domain's fields, times as RFC 3339. */
const Quantile = named('Quantile', { p: Type.Number(), value: Type.Number() })
const Distribution = named('Distribution', {
  mean: Type.Number(),
  quantiles: Type.Array(ref(Quantile)),
})

export const BasketLine = named('BasketLine', {
  product: Type.String(),
  units: Type.Integer({ minimum: 1, maximum: 10_000 }),
})
export const Basket = named('Basket', { lines: Type.Array(ref(BasketLine)) })

const Device = named('Device', {
  id: Type.String(),
  site: Type.String(),
  device: Type.String(),
  kind: Type.Union([oneOf(deviceKinds), Type.Null()]),
  zone: TextOrNull,
  status: oneOf(['registered', 'unregistered', 'revoked']),
  connection: oneOf(['online', 'offline', 'sleeping', 'unknown']),
  lastSeenAt: TimeOrNull,
  firmware: TextOrNull,
  batteryPct: NumberOrNull,
  registeredAt: Time,
})

const Stock = named('Stock', {
  id: Type.String(),
  site: Type.String(),
  product: Type.String(),
  onHand: Type.Number(),
  reserved: Type.Number(),
  incoming: Type.Number(),
  inTransit: Type.Number(),
  safety: Type.Number(),
  available: Type.Number({ minimum: 0 }),
  asOf: Time,
  source: oneOf(['shelf', 'ledger']),
  outOfStockSince: TimeOrNull,
  shelfUnits: NumberOrNull,
  shelfAt: TimeOrNull,
  ledgerUnits: NumberOrNull,
  ledgerSince: TimeOrNull,
  difference: NumberOrNull,
  disagreesSince: TimeOrNull,
})

const Forecast = named('Forecast', {
  id: Type.String(),
  target: oneOf(['demand', 'footfall', 'temperature']),
  site: Type.String(),
  product: TextOrNull,
  device: TextOrNull,
  origin: Time,
  horizonHours: Type.Integer(),
  total: ref(Distribution),
  hours: Type.Array(ref(Distribution)),
  model: Type.String(),
  servedBy: Type.String(),
  label: oneOf(['candidate', 'proven', 'baseline']),
  reason: Type.String({ description: 'why this forecaster serves the series' }),
  baselines: Type.Array(Type.Object({ name: Type.String(), mean: Type.Number() })),
  graced: Type.Boolean(),
  issuedAt: Time,
  explanation: Type.Optional(ref(Explanation)),
})

const TransferLine = named('TransferLine', {
  product: Type.String(),
  units: Type.Number(),
  dispatchedUnits: NumberOrNull,
  receivedUnits: NumberOrNull,
  saves: Type.Number(),
  reason: Type.Object({
    valueToReceiver: Type.Number(),
    lossToGiver: Type.Number(),
    unitCosts: Type.Number(),
    tripCostShare: Type.Number(),
    words: Type.String(),
  }),
  forecast: TextOrNull,
  quantilesUsed: Type.Array(ref(Quantile)),
})
const Transfer = named('Transfer', {
  id: Type.String(),
  planId: Type.String(),
  from: Type.String(),
  to: Type.String(),
  lane: Type.String(),
  tempClass: TempClass,
  status: oneOf([
    'proposed',
    'approved',
    'rejected',
    'expired',
    'in_transit',
    'received',
    'short',
    'cancelled',
  ]),
  lines: Type.Array(ref(TransferLine)),
  saves: Type.Number(),
  alternatives: Type.Array(Type.String()),
  etaMinutesP50: Type.Number(),
  etaMinutesP90: Type.Number(),
  proposedAt: Time,
  expiresAt: Time,
  decidedAt: TimeOrNull,
  decidedBy: TextOrNull,
  dispatchedAt: TimeOrNull,
  shownEtaAt: TimeOrNull,
  receivedAt: TimeOrNull,
})

const Slot = named('Slot', {
  id: Type.String(),
  site: Type.String(),
  start: Time,
  end: Time,
  lengthMinutes: Type.Number(),
  staff: Type.Number(),
  capacityMinutes: Type.Number(),
  walkInReserveMinutes: Type.Number(),
  carriedOverMinutes: Type.Number(),
  usedMinutes: Type.Number(),
  heldMinutes: Type.Number(),
  remainingBookable: Type.Number({ minimum: 0 }),
  status: oneOf(['free', 'busy-tentative', 'busy', 'busy-unavailable']),
  mode: oneOf(['normal', 'emergency']),
  reasons: Type.Array(Type.String()),
})

const Booking = named('Booking', {
  id: Type.String(),
  leaseId: Type.String(),
  slot: Type.String(),
  site: Type.String(),
  start: Time,
  end: Time,
  baskets: Type.Array(ref(Basket)),
  minutes: Type.Number(),
  status: oneOf(['booked', 'arrived', 'collected', 'cancelled', 'missed']),
  bookedAt: Time,
  arrivedAt: TimeOrNull,
  collectedAt: TimeOrNull,
})

const ReleaseTask = named('ReleaseTask', {
  id: Type.String(),
  booking: Type.String(),
  site: Type.String(),
  product: Type.String(),
  units: Count,
  pickUpAt: Time,
  releaseNotBefore: Time,
  releaseNotAfter: Time,
  limitCelsius: Type.Number(),
  predictedSurfaceCelsius: Type.Number(),
  predictedSurfaceCelsiusP90: Type.Number(),
  model: oneOf(['slab', 'lumped']),
  biot: Type.Number(),
  binding: oneOf(['limit', 'handling', 'none']),
  feasible: Type.Boolean(),
  ambientProbe: TextOrNull,
  words: Type.String(),
  status: oneOf(['planned', 'released', 'cancelled']),
})

const Alarm = named('Alarm', {
  id: Type.String(),
  kind: Type.String(),
  severity: oneOf(['info', 'warning', 'critical']),
  site: Type.String(),
  device: TextOrNull,
  product: TextOrNull,
  raisedAt: Time,
  clearedAt: TimeOrNull,
  words: Type.String(),
})

const DeadLetter = named('DeadLetter', {
  id: Type.String(),
  topic: Type.String(),
  path: Type.Union([Type.String(), Type.Null()], {
    description: 'site/device that a bridge spoke for',
  }),
  payload: Type.String({ contentEncoding: 'base64', description: 'the exact bytes, as base64' }),
  text: Type.Union([Type.String(), Type.Null()], { description: 'the bytes where they are UTF-8' }),
  receivedAt: Time,
  reason: Type.String(),
  words: Type.String(),
  replayedAt: TimeOrNull,
})

const Model = named('Model', {
  version: Type.String(),
  target: oneOf(['demand', 'footfall', 'temperature']),
  label: oneOf(['candidate', 'proven']),
  serving: Type.Boolean(),
  trainedAt: Time,
  historyFrom: Time,
  historyUntil: Time,
  seed: Type.Number(),
  codeVersion: Type.String(),
  scores: Type.Record(Type.String(), Type.Number()),
  state: oneOf(modelStates),
  stateSince: Time,
  reason: Type.String({ description: 'why it is used so' }),
  servedUntil: TimeOrNull,
})

export const Change = named('Change', {
  number: Count,
  resource: oneOf(resourceKinds),
  id: Type.String(),
  state: oneOf(['updated', 'deleted']),
  at: Time,
  item: Type.Optional(
    Type.Unknown({ description: 'the resource as it is now; with include=item only' }),
  ),
})

export const Reading = named('Reading', {
  site: Type.String(),
  device: Type.String(),
  channel: Type.String(),
  gtin: TextOrNull,
  at: Time,
  receivedAt: Time,
  value: Type.Number(),
  seq: Type.Number(),
  boot: Type.String(),
  index: Count,
  quality: oneOf(['good', 'clock', 'sequence', 'unregistered', 'imported']),
})

const master = <T extends TSchema>($id: string, schema: T): T => ({ ...schema, $id })

export const resourceSchemas: Readonly<Record<keyof Resources, TObject>> = {
  sites: master('Site', masterSchemas.sites),
  products: master('Product', masterSchemas.products),
  planograms: master('Planogram', masterSchemas.planograms),
  lanes: master('Lane', masterSchemas.lanes),
  staff: master('StaffShift', masterSchemas.staff),
  devices: Device,
  stock: Stock,
  forecasts: Forecast,
  transfers: Transfer,
  slots: Slot,
  bookings: Booking,
  'release-tasks': ReleaseTask,
  alarms: Alarm,
  'dead-letters': DeadLetter,
  models: Model,
  context: Context,
}

export const componentSchemas: readonly TSchema[] = [
  Quantile,
  Distribution,
  BasketLine,
  Basket,
  Explanation,
  TransferLine,
  Change,
  Reading,
  ...Object.values(resourceSchemas),
]

/** Bodies of PUT: the id may be left to the path. */
export const masterBodies: Readonly<Record<MasterKind, TSchema>> = {
  sites: withOptionalId(masterSchemas.sites),
  products: withOptionalId(masterSchemas.products),
  planograms: withOptionalId(masterSchemas.planograms),
  lanes: withOptionalId(masterSchemas.lanes),
  staff: withOptionalId(masterSchemas.staff),
}

function withOptionalId(schema: TObject): TSchema {
  return Type.Object(
    { ...schema.properties, id: Type.Optional(schema.properties.id ?? Type.String()) },
    { additionalProperties: false },
  )
}
