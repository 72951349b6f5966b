import { Type, type TObject, type TProperties, type TSchema } from 'typebox'
import { idPattern, namePattern } from '../../domain/index.ts'

export const closed = { additionalProperties: false } as const
export const Name = Type.String({ pattern: namePattern })
export const Id = Type.String({ pattern: idPattern })
/** Ids in a path: those of forecasts join several names. */
export const PathId = Type.String({ pattern: '^[A-Za-z0-9._:-]{1,400}$' })
export const Time = Type.String({
  format: 'date-time',
  description: "RFC 3339 with the site's offset",
})
export const TimeOrNull = Type.Union([Time, Type.Null()])
export const TextOrNull = Type.Union([Type.String(), Type.Null()])
export const NumberOrNull = Type.Union([Type.Number(), Type.Null()])
export const Count = Type.Integer({ minimum: 0 })

export const oneOf = <const T extends readonly string[]>(values: T, description?: string) =>
  Type.Unsafe<T[number]>({
    type: 'string',
    enum: [...values],
    ...(description === undefined ? {} : { description }),
  })

/** A schema under its name in the document's components. */
export interface NamedSchema {
  readonly $id: string
}
export const ref = (schema: TSchema): TSchema =>
  Type.Unsafe({ $ref: `${(schema as unknown as NamedSchema).$id}#` })

export const named = <T extends TProperties>($id: string, properties: T): TObject<T> =>
  Type.Object(properties, { $id, ...closed })

export const listOf = (item: TSchema): TSchema =>
  Type.Object(
    {
      items: Type.Array(item),
      next: Type.Union([Type.String(), Type.Null()], {
        description: 'cursor of the next page; null at the end',
      }),
    },
    closed,
  )

export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'what happened and what to do next' }),
    code: Type.String({ pattern: '^RT_[A-Z_]+$' }),
  },
  { $id: 'Problem', additionalProperties: true },
)

const problemAnswer = (description: string): unknown => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
})

/** The answers of a route: its own, and problems for the rest. */
export function answers(own: Readonly<Record<number, unknown>>): Record<string, unknown> {
  return {
    ...own,
    '4xx': problemAnswer('what is wrong with the request, and what to do (RFC 9457)'),
    '5xx': problemAnswer('what went wrong here; with Retry-After where trying again can help'),
  }
}

export const text = (type: string, description: string): unknown => ({
  description,
  content: { [type]: { schema: { type: 'string' } } },
})
export const nothing = (description: string): unknown => ({ type: 'null', description })

export const Limit = Type.Integer({ minimum: 1, maximum: 1000, default: 100 })
export const timePattern =
  '^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,9})?)?([Zz]|[+ -][0-9]{2}:[0-9]{2})$'
/** A time as it stands in a query; an unescaped `+` arrives as a space. */
export const QueryTime = Type.String({
  pattern: timePattern,
  description: 'RFC 3339 with an offset',
})
