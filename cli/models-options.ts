import { InvalidArgumentError, Option } from 'commander'

export type Target = 'demand' | 'footfall'

export interface Exclusion {
  readonly column: string
  readonly values: ReadonlySet<string>
}

export function targetOption(): Option {
  return new Option('--target <what>', 'what to forecast')
    .choices(['demand', 'footfall'])
    .default('demand')
}

export function backendOption(): Option {
  return new Option('--backend <name>', 'TensorFlow.js backend')
    .choices(['auto', 'wasm', 'native', 'cpu'])
    .default('auto')
}

export function parseDay(text: string): number {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN
  if (Number.isNaN(at)) throw new InvalidArgumentError('Write a day as 2024-06-11.')
  return at
}

export function parseOrigins(text: string): readonly number[] {
  return text.split(',').map((one) => {
    const at = /^\d{4}-\d{2}-\d{2}T\d{2}:00$/.test(one) ? Date.parse(`${one}:00Z`) : NaN
    if (Number.isNaN(at)) {
      throw new InvalidArgumentError('Write full hours as 2024-06-12T06:00, joined by commas.')
    }
    return at
  })
}

export function parseExclusion(text: string): Exclusion {
  const [, column, values] = /^([A-Za-z_]+)=(.+)$/.exec(text) ?? []
  if (column === undefined || values === undefined) {
    throw new InvalidArgumentError('Write a column and its values as city_id=5,7,11.')
  }
  return { column, values: new Set(values.split(',')) }
}

export function parseHours(text: string): readonly number[] {
  const hours = text.split(',').map(Number)
  if (!hours.every((hour) => Number.isInteger(hour) && hour >= 0 && hour < 24)) {
    throw new InvalidArgumentError('Write hours of the day as 6,10.')
  }
  return hours
}

export function parseWhole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Write a whole number from 0.')
  return Number(text)
}

export function parsePositive(text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new InvalidArgumentError('Write a number above 0.')
  return value
}

export function parseThreads(text: string): number {
  const count = parseWhole(text)
  if (count < 1 || count > 64) throw new InvalidArgumentError('Write a number from 1 to 64.')
  return count
}
