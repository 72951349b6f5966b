import { Type } from 'typebox'

export const closed = { additionalProperties: false } as const
export const text = (value: string, description: string) =>
  Type.String({ default: value, description })
export const flag = (value: boolean, description: string) =>
  Type.Boolean({ default: value, description })
export const whole = (value: number, minimum: number, maximum: number, description: string) =>
  Type.Integer({ default: value, minimum, maximum, description })
export const number = (value: number, minimum: number, maximum: number, description: string) =>
  Type.Number({ default: value, minimum, maximum, description })
export const choice = <const T extends readonly [string, ...string[]]>(
  values: T,
  value: T[number],
  description: string,
) =>
  Type.Unsafe<T[number]>(
    Type.Union(
      values.map((one) => Type.Literal(one)),
      { default: value, description },
    ),
  )
