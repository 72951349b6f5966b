import {
  LarderError,
  fromRfc3339,
  isName,
  minuteMs,
  startOfHour,
  type MasterData,
  type Site,
} from '../../domain/index.ts'
import type { Known, Row } from './import-kind.ts'

const invalid = (words: string): LarderError => new LarderError('RT_REQUEST_INVALID', words)

function cell(row: Row, column: string): string {
  const text = row[column]
  if (text === undefined) throw invalid(`${column} is empty`)
  return text
}

export function siteCell(row: Row, known: Known, column = 'site'): Site {
  const id = cell(row, column)
  const site = known.sites.get(id)
  if (site) return site
  throw invalid(`there is no site "${id.slice(0, 80)}"; import the sites first`)
}

export function productCell(row: Row, known: Known): MasterData['products'] {
  const id = cell(row, 'product')
  const product = known.products.get(id)
  if (product) return product
  throw invalid(`there is no product "${id.slice(0, 80)}"; import the products first`)
}

export function nameCell(row: Row, column: string): string {
  const name = cell(row, column)
  if (isName(name)) return name
  throw invalid(`${column} "${name.slice(0, 80)}" is not a name of letters, digits, - and _`)
}

export function numberCell(
  row: Row,
  column: string,
  bounds: { readonly least: number; readonly most: number },
): number {
  const text = cell(row, column)
  const value = /^[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?$/.test(text) ? Number(text) : NaN
  if (value >= bounds.least && value <= bounds.most) return value
  throw invalid(
    `${column} "${text.slice(0, 80)}" is not a number from ${bounds.least} to ${bounds.most}`,
  )
}

const aheadMs = 10 * minuteMs

/** A time that has come: what is imported has been measured. */
export function timeCell(row: Row, column: string, { now }: Known): number {
  const text = cell(row, column).slice(0, 80)
  const at = fromRfc3339(text)
  if (at < 0) throw invalid(`${column} "${text}" is before 1970`)
  if (at > now + aheadMs) throw invalid(`${column} "${text}" is still to come`)
  return at
}

const hoursRemembered = 10_000

/** The start of an hour on the site's own clock. */
export function hourCell(row: Row, column: string, site: Site, known: Known): number {
  const { hours } = known
  const key = `${site.timeZone} ${row[column] ?? ''}`
  const remembered = hours.get(key)
  if (remembered !== undefined) return remembered
  const at = timeCell(row, column, known)
  if (startOfHour(at, site.timeZone) === at) {
    if (hours.size < hoursRemembered) hours.set(key, at)
    return at
  }
  throw invalid(`${column} "${row[column] ?? ''}" is not the start of an hour in ${site.timeZone}`)
}
