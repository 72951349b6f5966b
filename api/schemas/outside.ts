import { Type } from 'typebox'
import { contextBases, inputGroups, signalNames } from '../../domain/index.ts'
import { named, oneOf, TextOrNull, Time } from './common.ts'

/** What is known from outside, and what it and everything else does to a forecast. */
export const Context = named('Context', {
  id: Type.String(),
  signal: oneOf(signalNames),
  basis: oneOf(contextBases, 'forecast: said beforehand, of what is planned too'),
  site: Type.Union([Type.String(), Type.Null()], { description: 'null: the whole city' }),
  product: Type.Union([Type.String(), Type.Null()], { description: 'null: all products' }),
  start: Time,
  end: Time,
  values: Type.Array(Type.Number(), {
    description: 'one for the whole stretch, or one for each hour; none: withdrawn',
  }),
  unit: Type.String(),
  words: TextOrNull,
  issuedAt: Time,
  receivedAt: Time,
  status: oneOf(['current', 'replaced'], 'replaced: a newer issue covers all of its hours'),
})

export const Explanation = Type.Object(
  {
    usual: Type.Number({ description: 'what the same 12 hours usually bring' }),
    parts: Type.Array(
      Type.Object({ group: oneOf(inputGroups), words: Type.String(), units: Type.Number() }),
      { description: 'the three groups of inputs that move the mean most, the largest first' },
    ),
    rest: Type.Number({ description: 'everything else: usual + units + rest = mean' }),
    mean: Type.Number(),
  },
  { $id: 'Explanation', additionalProperties: false },
)
