import { Type, type Static } from 'typebox'
import { idPattern, namePattern } from './ids.ts'

/**
 * Master data: what a planner knows before the first reading. These schemas are the API's, the import's and the store's.
 * Money is in minor units of the installation's one currency (CNY fen in the demo).
 */
const Name = Type.String({ pattern: namePattern })
const Id = Type.String({ pattern: idPattern })
const TimeOfDay = Type.String({
  pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$',
  description: 'local HH:MM',
})
export const TempClass = Type.Union([
  Type.Literal('ambient'),
  Type.Literal('chilled'),
  Type.Literal('frozen'),
])
export type TempClass = Static<typeof TempClass>

const closed = { additionalProperties: false } as const

export const Site = Type.Object(
  {
    id: Name,
    name: Type.String({ minLength: 1, maxLength: 200 }),
    kind: Type.Union([Type.Literal('store'), Type.Literal('warehouse')]),
    timeZone: Type.String({ minLength: 1, description: 'IANA zone, e.g. Asia/Shanghai' }),
    opens: Type.Optional(TimeOfDay),
    closes: Type.Optional(TimeOfDay),
    latitude: Type.Optional(Type.Number({ minimum: -90, maximum: 90 })),
    longitude: Type.Optional(Type.Number({ minimum: -180, maximum: 180 })),
    gln: Type.Optional(Type.String({ pattern: '^[0-9]{13}$' })),
    slotMinutes: Type.Optional(
      Type.Integer({
        minimum: 5,
        maximum: 240,
        description: 'length of a booking slot; 15 where absent',
      }),
    ),
  },
  closed,
)
export type Site = Static<typeof Site>

/** How a pack warms: a slab heated from both faces over its thickness, or a lumped mass. */
export const ThermalModel = Type.Object(
  {
    model: Type.Union([Type.Literal('slab'), Type.Literal('lumped')]),
    thicknessMm: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
    conductivityWmK: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
    densityKgM3: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
    heatCapacityJkgK: Type.Number({ exclusiveMinimum: 0 }),
    filmWm2K: Type.Number({ exclusiveMinimum: 0 }),
    massKg: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
    areaM2: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
  },
  closed,
)
export type ThermalModel = Static<typeof ThermalModel>

export const Product = Type.Object(
  {
    id: Id,
    name: Type.String({ minLength: 1, maxLength: 200 }),
    gtin: Type.Optional(
      Type.String({
        pattern: '^[0-9]{8,14}$',
        description: 'kept as GTIN-14; a restricted circulation number is made where absent',
      }),
    ),
    category: Type.Optional(Type.String({ maxLength: 100 })),
    tempClass: TempClass,
    priceMinor: Type.Optional(Type.Integer({ minimum: 0 })),
    shortageCost: Type.Number({ minimum: 0, description: 'cost of one unit of demand not served' }),
    overageCost: Type.Number({
      minimum: 0,
      description: 'cost of one unit left at the end of the horizon',
    }),
    pickMinutes: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, description: 'staff-minutes to pick one line' }),
    ),
    storedCelsius: Type.Optional(Type.Number()),
    limitCelsius: Type.Optional(
      Type.Number({ description: 'highest surface temperature allowed' }),
    ),
    thermal: Type.Optional(ThermalModel),
  },
  closed,
)
export type Product = Static<typeof Product>

/** Which product a shelf sensor looks at, and how much of it a site keeps. Device absent: no sensor on it. */
export const Planogram = Type.Object(
  {
    id: Id,
    site: Name,
    product: Id,
    device: Type.Optional(Name),
    capacityUnits: Type.Optional(Type.Integer({ minimum: 0 })),
    holdBackUnits: Type.Optional(
      Type.Integer({ minimum: 0, description: 'never given away below this' }),
    ),
    safetyUnits: Type.Optional(
      Type.Integer({ minimum: 0, description: 'never promised to a booking below this' }),
    ),
    unitGrams: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
  },
  closed,
)
export type Planogram = Static<typeof Planogram>

export const Lane = Type.Object(
  {
    id: Id,
    from: Name,
    to: Name,
    minutesP50: Type.Number({ minimum: 0, description: 'dock to dock' }),
    minutesP90: Type.Number({ minimum: 0 }),
    unitCost: Type.Number({ minimum: 0 }),
    tripCost: Type.Number({ minimum: 0 }),
    capacityUnits: Type.Integer({ minimum: 0, description: 'per trip, over all products' }),
    tempClasses: Type.Array(TempClass, { minItems: 1 }),
  },
  closed,
)
export type Lane = Static<typeof Lane>

/** People who pick and hand over, by weekday. Weekday 1 is Monday (ISO 8601); absent: every day. */
export const StaffShift = Type.Object(
  {
    id: Id,
    site: Name,
    weekday: Type.Optional(Type.Integer({ minimum: 1, maximum: 7 })),
    start: TimeOfDay,
    end: TimeOfDay,
    people: Type.Number({ minimum: 0 }),
  },
  closed,
)
export type StaffShift = Static<typeof StaffShift>

export const masterSchemas = {
  sites: Site,
  products: Product,
  planograms: Planogram,
  lanes: Lane,
  staff: StaffShift,
} as const

export interface MasterData {
  sites: Site
  products: Product & { readonly gtin: string }
  planograms: Planogram
  lanes: Lane
  staff: StaffShift
}
export type MasterKind = keyof MasterData
