import { Type, type TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { LarderError } from '../domain/index.ts'

/** `[{p, value}, …]` of the instance files. */
export const QuantileList = Type.Array(
  Type.Object({
    p: Type.Number({ minimum: 0, maximum: 1 }),
    value: Type.Number({ minimum: 0 }),
  }),
  { minItems: 1 },
)

/** What a schema finds wrong with a file, each a sentence that names the place. */
export function schemaProblems(schema: TSchema, input: unknown): string[] {
  return [...Value.Errors(schema, input)].map(({ instancePath, message, params }) => {
    const path = instancePath.slice(1).replaceAll('/', '.')
    const where = path === '' ? 'the file' : path
    const missing = (params as { requiredProperties?: readonly string[] }).requiredProperties
    return missing ? `${where} lacks ${missing.join(', ')}.` : `${where} ${message}.`
  })
}

const mostShown = 30

/** One RT_REQUEST_INVALID with every problem. */
export function failOn(what: string, problems: readonly string[]): void {
  if (problems.length === 0) return
  const more = problems.length - mostShown
  throw new LarderError(
    'RT_REQUEST_INVALID',
    `The ${what} has ${problems.length} problem(s):\n  ${problems.slice(0, mostShown).join('\n  ')}${more > 0 ? `\n  and ${more} more.` : ''}`,
  )
}
