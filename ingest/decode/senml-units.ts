import { channels } from '../../domain/index.ts'
import { badPayload } from './telemetry.ts'

interface Conversion {
  readonly factor: number
  readonly offset: number
}

const same: Conversion = { factor: 1, offset: 0 }

/** By our unit: the units of the IANA SenML registry (primary and secondary) that mean the same quantity. */
const conversions: Readonly<Record<string, Readonly<Record<string, Conversion>>>> = {
  Cel: { Cel: same, K: { factor: 1, offset: -273.15 } },
  g: { g: same, kg: { factor: 1000, offset: 0 }, mg: { factor: 0.001, offset: 0 } },
  '%RH': { '%RH': same, '%': same, '/': { factor: 100, offset: 0 } },
  '%': { '%EL': same, '%': same, '/': { factor: 100, offset: 0 } },
  dBm: { dBm: same, dBW: { factor: 1, offset: 30 } },
  count: { count: same, '/': same },
  '1': { '/': same, count: same },
}

/** What a record without a name measures, by its unit. */
const channelOfUnit: Readonly<Record<string, string>> = {
  Cel: 'celsius',
  K: 'celsius',
  '%RH': 'humidityPct',
  g: 'grams',
  kg: 'grams',
  '%EL': 'batteryPct',
  dBm: 'rssiDbm',
  dBW: 'rssiDbm',
}

const channelName = /^[A-Za-z][A-Za-z0-9_]{0,63}$/

/** The channel of a record and its value in the channel's own unit. A channel that is not ours keeps its value as it is. */
export function toChannel(
  name: string,
  unit: string,
  value: number,
): { readonly channel: string; readonly value: number } {
  const channel = name === '' ? channelOfUnit[unit] : name
  if (channel === undefined)
    throw badPayload('bad-channel', 'A record without a name needs a unit that tells its channel.')
  if (!channelName.test(channel))
    throw badPayload('bad-channel', 'A channel is 1 to 64 letters, digits or _, a letter first.')
  const known = channels.find((one) => one.name === channel)
  if (!known || unit === '') return { channel, value: value === 0 ? 0 : value }
  const conversion = conversions[known.unit]?.[unit]
  if (conversion === undefined)
    throw badPayload(
      'bad-unit',
      `The unit "${unit}" is none of ${channel}, which is in ${known.unit}.`,
    )
  const isSame = conversion === same && value !== 0
  return {
    channel,
    value: isSame ? value : roundOff(value * conversion.factor + conversion.offset),
  }
}

/** 277.15 K is 4 Cel, not 4.000000000000028: twelve digits are more than any sensor has. */
function roundOff(value: number): number {
  const rounded = Number(value.toPrecision(12))
  return rounded === 0 ? 0 : rounded
}
