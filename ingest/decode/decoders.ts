import type { ReadText } from '../../runtime/index.ts'
import { plainJson } from './plain-json.ts'
import { senmlCbor, senmlJson } from './senml.ts'
import type { PayloadDecoder, Telemetry } from './telemetry.ts'

/** Formats in the order they are asked; plain JSON takes what no other does. A new format is a file and a line here. */
export const decoders: readonly PayloadDecoder[] = [senmlJson, senmlCbor, plainJson]

export function decodeTelemetry(
  payload: Uint8Array,
  receivedAt: number,
  formats: readonly PayloadDecoder[],
  textOf?: ReadText,
): readonly Telemetry[] {
  const format = formats.find((one) => one.accepts(payload)) ?? plainJson
  return format.decode(payload, receivedAt, textOf)
}
