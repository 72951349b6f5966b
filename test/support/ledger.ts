/** Numbers that mostly come in order, kept as spans: a list of millions of acknowledgements stays small. */
export type Spans = [from: number, to: number][]

export function addNumber(spans: Spans, number: number): void {
  const last = spans.at(-1)
  if (last?.[1] === number - 1) last[1] = number
  else spans.push([number, number])
}

export const countNumbers = (spans: Spans): number =>
  spans.reduce((sum, [from, to]) => sum + to - from + 1, 0)

/** What one device of the fleet sent and was told is kept, by the topic it published to. */
export interface DeviceLedger {
  readonly topic: string
  readonly qos: 1 | 2
  readonly retain: boolean
  sent: number
  readonly acknowledged: Spans
  /** Its Will is registered with a number that rises with each login. */
  wills: number
}

export interface FleetLedger {
  readonly devices: readonly DeviceLedger[]
  /** `topic payload` of retained messages and Wills that a subscriber was given. */
  readonly watched: readonly string[]
}

/** The payload of a device's message, long enough to tell one from every other. */
export const payloadOf = (topic: string, number: number): string =>
  `${topic} ${number} `.padEnd(100, String(number * 7919))

export const willOf = (topic: string, number: number): string => `Will ${number} of ${topic}`
