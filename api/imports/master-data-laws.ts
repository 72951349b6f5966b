import Value from 'typebox/value'
import {
  isZone,
  normaliseGtin,
  type Lane,
  type MasterKind,
  type Product,
  type Site,
  type StaffShift,
} from '../../domain/index.ts'
import { masterSchemas } from '../../domain/master-data.ts'
import { wordsByPath } from '../problems.ts'

/** What is wrong with an item of master data, in words: first its schema, then what a schema cannot say. */
export function checkMasterData(kind: MasterKind, item: object): readonly string[] {
  const schema = masterSchemas[kind]
  if (!Value.Check(schema, item))
    return wordsByPath(Value.Errors(schema, item))
      .slice(0, 20)
      .map(({ path, words }) => `${path.slice(1).replaceAll('/', '.')} ${words}`.trim())
  switch (kind) {
    case 'sites':
      return siteProblems(item as Site)
    case 'products':
      return productProblems(item as Product)
    case 'lanes':
      return laneProblems(item as Lane)
    case 'staff':
      return staffProblems(item as StaffShift)
    case 'planograms':
      return []
  }
}

function siteProblems(site: Site): readonly string[] {
  return isZone(site.timeZone)
    ? []
    : [`timeZone "${site.timeZone}" is not an IANA zone such as Asia/Shanghai`]
}

function productProblems(product: Product): readonly string[] {
  const { gtin, thermal } = product
  const problems: string[] = []
  if (gtin !== undefined && normaliseGtin(gtin) === null)
    problems.push(`gtin "${gtin}" is not a GTIN-8, -12, -13 or -14 with a right check digit`)
  const needed =
    thermal?.model === 'slab'
      ? (['thicknessMm', 'conductivityWmK', 'densityKgM3'] as const)
      : thermal?.model === 'lumped'
        ? (['massKg', 'areaM2'] as const)
        : []
  for (const name of needed)
    if (thermal?.[name] === undefined)
      problems.push(`thermal.${name} is needed for the model ${thermal?.model ?? ''}`)
  return problems
}

function laneProblems(lane: Lane): readonly string[] {
  const problems: string[] = []
  if (lane.from === lane.to) problems.push('from and to are the same site')
  if (lane.minutesP90 < lane.minutesP50) problems.push('minutesP90 is less than minutesP50')
  return problems
}

function staffProblems(shift: StaffShift): readonly string[] {
  return shift.start === shift.end ? ['start and end are the same time'] : []
}
