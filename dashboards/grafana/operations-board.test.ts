import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { catalogue } from '../catalogue.ts'
import { coldLimits } from '../limits.ts'
import { lintBoard, type LintedBoard, type LintedPanel } from './lint-board.ts'
import { buildOperationsBoard, operationsBoardUid, printBoard } from './operations-board.ts'

const committed = new URL('./larder-operations.json', import.meta.url)
const board = buildOperationsBoard() as unknown as LintedBoard

type Draft = { -readonly [K in keyof LintedPanel]: LintedPanel[K] }
function withPanel(change: (panel: Draft) => void): LintedBoard {
  const copy = structuredClone(board)
  change(copy.panels[0] as Draft)
  return copy
}

describe('the Grafana board', () => {
  it('is committed as it is generated', () => {
    expect(readFileSync(committed, 'utf8')).toBe(printBoard(buildOperationsBoard()))
  })

  it('has every panel of the catalogue, by its title and question, and a uid that stays', () => {
    expect(board.uid).toBe('larder-operations')
    expect(operationsBoardUid).toBe('larder-operations')
    expect(board.panels.map((panel) => [panel.title, panel.description])).toEqual(
      catalogue.map((panel) => [panel.title, panel.question]),
    )
  })

  it('colours a cold room at the limits of the catalogue', () => {
    const panel = board.panels.find((one) => one.title === 'Cold rooms')
    const chilled = coldLimits.find((limit) => limit.zone === 'chilled')
    expect(panel?.fieldConfig.defaults.thresholds?.steps.map((step) => step.value)).toEqual([
      null,
      chilled?.warning,
      chilled?.critical,
    ])
  })

  it('passes its lint', () => {
    expect(lintBoard(board)).toEqual([])
  })

  it.each<readonly [string, LintedBoard]>([
    [
      'a unit that Grafana does not know',
      withPanel((p) => {
        p.fieldConfig = {
          ...p.fieldConfig,
          defaults: { ...p.fieldConfig.defaults, unit: 'celcius' },
        }
      }),
    ],
    [
      'a panel on another',
      withPanel((p) => {
        p.gridPos = { ...p.gridPos, w: 20 }
      }),
    ],
    [
      'a panel past column 24',
      withPanel((p) => {
        p.gridPos = { x: 20, y: 99, w: 8, h: 4 }
      }),
    ],
    [
      'a second panel of one id',
      withPanel((p) => {
        p.id = 2
      }),
    ],
    [
      'two queries of one refId',
      withPanel((p) => {
        p.targets = [p.targets[0]!, p.targets[0]!]
      }),
    ],
    [
      'no query',
      withPanel((p) => {
        p.targets = []
      }),
    ],
    [
      'no description',
      withPanel((p) => {
        p.description = ''
      }),
    ],
    [
      'a data source welded in',
      withPanel((p) => {
        p.targets = [{ ...p.targets[0]!, datasource: { ...p.targets[0]!.datasource, uid: 'pg-1' } }]
      }),
    ],
    [
      'an unknown variable',
      withPanel((p) => {
        p.targets = [{ ...p.targets[0]!, rawSql: 'SELECT ${nobody:sqlstring}' }]
      }),
    ],
    [
      'a bare variable of several values in Flux',
      withPanel((p) => {
        p.datasource = { type: 'influxdb', uid: '${ds_influx}' }
        p.targets = [
          {
            refId: 'A',
            datasource: p.datasource,
            query: 'from(v.timeRangeStart) r.site == ${site} every: v.windowPeriod',
          },
        ]
      }),
    ],
    [
      'a panel type that is none',
      withPanel((p) => {
        p.type = 'time-series'
      }),
    ],
    ['a time that is none', { ...board, time: { from: 'now-24hh', to: 'now' } }],
  ])('finds %s', (_, faulty) => {
    expect(lintBoard(faulty)).not.toEqual([])
  })
})
