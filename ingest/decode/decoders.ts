import { plainJson } from './plain-json.ts'
import type { PayloadDecoder, Telemetry } from './telemetry.ts'

/** Formats in the order they are asked; plain JSON takes what no other does. A new format is a file and a line here. */
export const decoders: readonly PayloadDecoder[] = [plainJson]

export function decodeTelemetry(
  payload: Uint8Array,
  formats: readonly PayloadDecoder[],
): readonly Telemetry[] {
  return (formats.find((format) => format.accepts(payload)) ?? plainJson).decode(payload)
}
