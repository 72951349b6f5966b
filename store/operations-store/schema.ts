import type { Generated } from 'kysely'

/** What SQLite and PostgreSQL call a column of bytes. */
export type BinaryType = 'blob' | 'bytea'

/**
 * Tables behind the operations store, the same on SQLite and PostgreSQL: times are epoch milliseconds, booleans 0 or 1,
 * `body` and other structured columns JSON as text. Columns beside a body repeat what is filtered or sorted by.
 */
export interface Tables {
  schemaVersion: { version: number }
  master: {
    kind: string
    id: string
    site: string | null
    product: string | null
    device: string | null
    /** Of a lane: where it leads; `site` is where it starts. */
    otherSite: string | null
    body: string
  }
  devices: {
    id: string
    site: string
    device: string
    kind: string | null
    zone: string | null
    status: string
    connection: string
    lastSeenAt: number | null
    firmware: string | null
    batteryPct: number | null
    registeredAt: number
  }
  credentials: {
    username: string
    kind: string
    site: string | null
    device: string | null
    salt: string
    hash: string
    revoked: number
    publish: string
    subscribe: string
    mappings: string
  }
  retained: { topic: string; payload: Uint8Array; qos: number; receivedAt: number }
  commands: {
    id: string
    site: string
    device: string
    set: string
    queuedAt: number
    expiresAt: number
    sentAt: number | null
    status: string
  }
  stock: {
    id: string
    site: string
    product: string
    onHand: number
    reserved: number
    incoming: number
    inTransit: number
    safety: number
    asOf: number
    source: string
    outOfStockSince: number | null
    /** JSON: what shelves, and tills with movements, say apart from each other; null before both have spoken. */
    counts: string | null
  }
  movements: {
    id: string
    site: string
    product: string
    /** What was really added or taken: onHand never falls below 0. */
    units: number
    isSet: number
    reason: string
    at: number
    reference: string | null
  }
  forecasts: {
    id: string
    /** The id without its origin. */
    series: string
    target: string
    site: string
    product: string | null
    device: string | null
    origin: number
    body: string
    /** Little-endian float64: mean and quantiles of the total, then of each hour. */
    numbers: Uint8Array
  }
  /** The newest forecast of each series. */
  forecastHeads: { series: string; forecast: string; origin: number }
  models: { version: string; target: string; trainedAt: number; serving: number; body: string }
  /** How a version did before it served: JSON, and the same as a table to read. */
  modelReports: { version: string; body: string; words: string }
  /** Sums of what came of forecasts, by target, model, site and day. */
  modelScores: {
    id: string
    target: string
    model: string
    site: string
    day: string
    windows: number
    censored: number
    amount: number
    mean: number
    absolute: number
    loss: number
    below10: number
    below50: number
    below90: number
  }
  transfers: {
    id: string
    fromSite: string
    toSite: string
    status: string
    proposedAt: number
    expiresAt: number
    body: string
  }
  slots: {
    id: string
    site: string
    startAt: number
    endAt: number
    lengthMinutes: number
    staff: number
    capacityMinutes: number
    walkInReserveMinutes: number
    carriedOverMinutes: number
    usedMinutes: number
    heldMinutes: number
    status: string
    mode: string
    reasons: string
  }
  leases: {
    leaseId: string
    slot: string
    site: string
    baskets: string
    minutes: number
    expiresAt: number
    status: string
  }
  bookings: {
    id: string
    leaseId: string
    slot: string
    site: string
    startAt: number
    status: string
    body: string
  }
  releaseTasks: {
    id: string
    site: string
    product: string
    pickUpAt: number
    status: string
    body: string
  }
  alarms: {
    id: string
    /** One alarm is open at most per subject: (kind, site, device, product). */
    subject: string
    kind: string
    severity: string
    site: string
    device: string | null
    product: string | null
    raisedAt: number
    clearedAt: number | null
    status: string
    words: string
  }
  deadLetters: {
    id: string
    topic: string
    path: string | null
    payload: Uint8Array
    receivedAt: number
    reason: string
    words: string
    replayedAt: number | null
    status: string
  }
  /** The newest birth of each Sparkplug edge node and device, as it came. */
  births: {
    id: string
    topic: string
    site: string
    device: string
    payload: Uint8Array
    receivedAt: number
  }
  /** What was said from outside; `subject` is of what, and issues of one subject replace each other. */
  context: {
    id: string
    subject: string
    signal: string
    site: string | null
    product: string | null
    startAt: number
    endAt: number
    issuedAt: number
    status: string
    body: string
  }
  changes: { number: number; resource: string; id: string; state: string; at: number }
  applied: { consumer: string; partition: number; position: number }
  idempotency: {
    key: string
    requestHash: string
    status: number | null
    body: string | null
    at: number
  }
  /** What the processes of the distributed form last said of themselves; `at` is of the wall. */
  stageReports: { process: string; stage: string; at: number; body: string }
  /** PostgreSQL only: changes whose transactions may not all be over yet. */
  unnumberedChanges: {
    entry: Generated<number>
    resource: string
    id: string
    state: string
    at: number
  }
}
