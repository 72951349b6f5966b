import { Type, type Static } from 'typebox'

/**
 * What the messages of devices that speak their own way mean, as data: a topic, and where in the payload each channel stands.
 * Which site and device a topic stands for is the bridge's credential's to say.
 */
const closed = { additionalProperties: false } as const
const oneOf = <const T extends readonly string[]>(names: T) =>
  Type.Unsafe<T[number]>(Type.Union(names.map((name) => Type.Literal(name))))
const Pointer = Type.String({
  pattern: '^(/([^~/]|~[01])*)*$',
  description: 'where the value stands, as a JSON pointer (RFC 6901)',
})

const Bytes = Type.Object(
  {
    encoding: oneOf(['hex', 'base64']),
    at: Type.Integer({ minimum: 0, maximum: 65_535, description: 'first byte' }),
    type: oneOf(['int8', 'uint8', 'int16be', 'uint16be', 'int16le', 'uint16le']),
  },
  { ...closed, description: 'the text holds bytes, and the value is a number among them' },
)

export const ChannelRule = Type.Object(
  {
    channel: Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_]{0,63}$' }),
    pointer: Pointer,
    bytes: Type.Optional(Bytes),
    values: Type.Optional(
      Type.Record(Type.String(), Type.Number(), {
        description: 'numbers for truths and texts, e.g. {"true": 0, "false": 1}',
      }),
    ),
    scale: Type.Optional(Type.Number({ description: 'the value is multiplied by this' })),
    offset: Type.Optional(Type.Number({ description: 'and then this is added' })),
    unit: Type.Optional(
      Type.String({
        description: 'SenML unit of the result; it becomes the unit of the channel',
      }),
    ),
    none: Type.Optional(
      Type.Array(Type.Number(), {
        description: 'values that say "not measured", before the scale',
      }),
    ),
  },
  closed,
)
export type ChannelRule = Static<typeof ChannelRule>

const MessageRule = Type.Object(
  {
    topic: Type.String({ minLength: 1, maxLength: 256, description: 'an MQTT filter' }),
    when: Type.Optional(
      Type.Object(
        { pointer: Pointer, startsWith: Type.String({ minLength: 1 }) },
        { ...closed, description: 'only where this text begins so' },
      ),
    ),
    at: Type.Optional(
      Type.Object(
        {
          pointer: Pointer,
          format: oneOf(['rfc3339', 'epoch-s', 'epoch-ms']),
        },
        { ...closed, description: 'the time of the reading; else the receive time' },
      ),
    ),
    channels: Type.Array(ChannelRule, {
      maxItems: 100,
      description: 'none: such a message holds no reading, and is no dead letter',
    }),
  },
  closed,
)
export type MessageRule = Static<typeof MessageRule>

export const Profile = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9-]{1,64}$' }),
    description: Type.String({ maxLength: 1000 }),
    messages: Type.Array(MessageRule, { minItems: 1, maxItems: 100 }),
  },
  closed,
)
export type Profile = Static<typeof Profile>
