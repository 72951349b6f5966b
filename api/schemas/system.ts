import { Type } from 'typebox'

const EpochMs = Type.Number({ description: 'epoch ms' })
const anchor = {
  wallAt: EpochMs,
  cityAt: EpochMs,
  speed: Type.Number({ description: 'city ms per wall ms; 0 while the clock waits' }),
  now: EpochMs,
  waiting: Type.Boolean(),
}

export const Clock = Type.Object({
  ...anchor,
  time: Type.String({ format: 'date-time', description: 'now, as RFC 3339' }),
})

const Progress = Type.Object({
  task: Type.String(),
  done: Type.Number(),
  of: Type.Number(),
  startedAt: EpochMs,
  remainingMs: Type.Union([Type.Number(), Type.Null()]),
})

export const Status = Type.Object({
  ready: Type.Boolean(),
  stages: Type.Array(
    Type.Object({
      name: Type.String(),
      ready: Type.Boolean(),
      words: Type.String(),
      problems: Type.Optional(
        Type.Array(Type.String(), {
          description: 'what is wrong although it runs, and what to do',
        }),
      ),
    }),
  ),
  clock: Type.Object(anchor),
  ingestLagMs: Type.Number(),
  messagesKept: Type.Number(),
  readingsStored: Type.Number(),
  progress: Type.Union([Progress, Type.Null()]),
})
