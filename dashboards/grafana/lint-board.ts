import { influx, mixed, postgres } from './data-sources.ts'

interface Target {
  readonly refId: string
  readonly datasource: { readonly type: string; readonly uid: string }
  readonly query?: string
  readonly rawSql?: string
}
interface FieldConfig {
  readonly unit?: string
  readonly thresholds?: { readonly steps: readonly { readonly value: number | null }[] }
}
export interface LintedPanel {
  readonly id: number
  readonly title: string
  readonly type: string
  readonly description?: string
  readonly gridPos: {
    readonly x: number
    readonly y: number
    readonly w: number
    readonly h: number
  }
  readonly datasource: { readonly type: string; readonly uid: string }
  readonly targets: readonly Target[]
  readonly options?: Readonly<Record<string, unknown>>
  readonly fieldConfig: {
    readonly defaults: FieldConfig
    readonly overrides: readonly {
      readonly matcher: { readonly id: string }
      readonly properties: readonly { readonly id: string; readonly value?: unknown }[]
    }[]
  }
}
export interface LintedBoard {
  readonly uid?: string
  readonly editable?: boolean
  readonly time?: { readonly from: string; readonly to: string }
  readonly panels: readonly LintedPanel[]
  readonly templating: {
    readonly list: readonly (Readonly<Record<string, unknown>> & {
      readonly name: string
      readonly type: string
      readonly multi?: boolean
    })[]
  }
}

const panelTypes = ['timeseries', 'table', 'stat']
/** The units that are used, of the 273 that Grafana 13.1 knows: an unknown one becomes a suffix without a word. */
const units = ['short', 'percent', 'percentunit', 'celsius', 'm', 'dateTimeFromNow']
const matchers = ['byName', 'byRegexp', 'byType', 'byFrameRefID']
const properties = [
  'unit',
  'decimals',
  'displayName',
  'mappings',
  'thresholds',
  'custom.cellOptions',
  'custom.drawStyle',
  'custom.fillBelowTo',
  'custom.fillOpacity',
  'custom.lineWidth',
]
const time = /^now([+-]\d+[smhdwMy])?$/
const reference = /\$\{(\w+)(?::(\w+))?[^}]*\}|\$(\w+)/g
const builtIn = /^(__\w+|timeFrom|timeTo)$/

function textOf(target: Target): string {
  return target.query ?? target.rawSql ?? ''
}

/** All that is wrong with a board, as sentences; an empty list where nothing was found. */
export function lintBoard(board: LintedBoard): readonly string[] {
  const found: string[] = []
  const say = (condition: boolean, words: string) => {
    if (condition) found.push(words)
  }
  say(board.uid === undefined || board.uid === '', 'the board has no uid')
  say(
    board.editable !== false,
    'the board can be edited, and edits of a provisioned board are lost',
  )
  for (const end of [board.time?.from, board.time?.to]) {
    say(end === undefined || !time.test(end), `"${end ?? ''}" is not a time Grafana reads`)
  }
  const ids = board.panels.map((panel) => panel.id)
  say(new Set(ids).size !== ids.length, 'two panels have one id')
  for (const panel of board.panels) found.push(...lintPanel(panel, board))
  board.panels.forEach((one, index) => {
    for (const other of board.panels.slice(index + 1)) {
      say(overlap(one.gridPos, other.gridPos), `"${one.title}" lies on "${other.title}"`)
    }
  })
  found.push(...lintVariables(board))
  return found
}

function overlap(a: LintedPanel['gridPos'], b: LintedPanel['gridPos']): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
}

function lintPanel(panel: LintedPanel, board: LintedBoard): readonly string[] {
  const found: string[] = []
  const say = (condition: boolean, words: string) => {
    if (condition) found.push(`"${panel.title}": ${words}`)
  }
  const { gridPos, targets, fieldConfig } = panel
  say(panel.title === '', 'has no title')
  say((panel.description ?? '') === '', 'has no description')
  say(!panelTypes.includes(panel.type), `unknown type ${panel.type}`)
  say(gridPos.x < 0 || gridPos.x + gridPos.w > 24 || gridPos.w < 1, 'reaches past column 24')
  say(targets.length === 0, 'asks nothing')
  say(new Set(targets.map((one) => one.refId)).size !== targets.length, 'two queries of one refId')
  say(panel.options?.footer !== undefined, 'has a footer, which Grafana 13 does not know')
  say(
    !units.includes(fieldConfig.defaults.unit ?? ''),
    `unknown unit ${fieldConfig.defaults.unit ?? ''}`,
  )
  const steps = fieldConfig.defaults.thresholds?.steps ?? []
  const values = steps.slice(1).map((step) => step.value)
  say(
    values.some(
      (value, i) => typeof value !== 'number' || (i > 0 && value <= (values[i - 1] ?? 0)),
    ),
    'its thresholds do not rise',
  )
  for (const override of fieldConfig.overrides) {
    say(!matchers.includes(override.matcher.id), `unknown matcher ${override.matcher.id}`)
    for (const property of override.properties) {
      say(!properties.includes(property.id), `unknown property ${property.id}`)
      say(
        property.id === 'unit' && !units.includes(String(property.value)),
        `unknown unit ${String(property.value)}`,
      )
    }
  }
  const types = new Set(targets.map((one) => one.datasource.type))
  const expected = types.size > 1 ? mixed.type : [...types][0]
  say(panel.datasource.type !== expected, 'its data source is not that of its queries')
  for (const target of targets) found.push(...lintTarget(panel.title, target, board))
  return found
}

function lintTarget(title: string, target: Target, board: LintedBoard): readonly string[] {
  const found: string[] = []
  const say = (condition: boolean, words: string) => {
    if (condition) found.push(`"${title}" ${target.refId}: ${words}`)
  }
  const text = textOf(target)
  const isFlux = target.datasource.type === influx.type
  const source = isFlux ? influx : postgres
  say(text === '', 'is empty')
  say(target.datasource.uid !== source.uid, 'its data source is welded in')
  say(isFlux && !text.includes('v.timeRangeStart'), 'does not follow the time range')
  say(
    isFlux && !/every: (v\.windowPeriod|1h)/.test(text),
    'does not follow the zoom: use v.windowPeriod',
  )
  const multi = new Set(board.templating.list.filter((one) => one.multi).map((one) => one.name))
  for (const [, braced, format, bare] of text.matchAll(reference)) {
    const name = braced ?? bare ?? ''
    if (builtIn.test(name)) continue
    say(isFlux && multi.has(name) && format !== 'json', `\${${name}} of several values needs :json`)
    say(!isFlux && format !== 'sqlstring', `\${${name}} in SQL needs :sqlstring`)
  }
  return found
}

function lintVariables(board: LintedBoard): readonly string[] {
  const found: string[] = []
  const { templating, ...rest } = board
  const defined = templating.list.map((one) => one.name)
  const used = new Set(
    [...JSON.stringify([rest, templating]).matchAll(reference)]
      .map(([, braced, , bare]) => braced ?? bare ?? '')
      .filter((name) => !builtIn.test(name)),
  )
  for (const name of used)
    if (!defined.includes(name)) found.push(`the variable ${name} is not defined`)
  for (const name of defined) if (!used.has(name)) found.push(`the variable ${name} is not used`)
  for (const variable of templating.list) {
    if (variable.type !== 'interval' && 'auto' in variable) {
      found.push(`the variable ${variable.name} has keys of an interval`)
    }
  }
  return found
}
