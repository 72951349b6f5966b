import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableHide,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { catalogue } from '../catalogue.ts'
import { postgres, sqlTarget } from './data-sources.ts'
import { normalise, type Json } from './normalise.ts'
import { drawPanel } from './panels.ts'
import { alarmAnnotation, variableQueries } from './queries.ts'

/** Never changed: links and bookmarks hold it. */
export const operationsBoardUid = 'larder-operations'

const columnsWide = 24
const height = 11

function query(name: keyof typeof variableQueries, label: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .query({
      refId: name,
      rawSql: variableQueries[name],
      rawQuery: true,
      editorMode: 'code',
      format: 'table',
    })
    .datasource(postgres)
    .refresh(VariableRefresh.OnDashboardLoad)
}

/** The board of planners and stores, from the catalogue alone. */
export function buildOperationsBoard(): Json {
  // The SDK prefers its v2 schema, which no released Grafana provisions by default: v1 is what 11 to 13 read.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const board = new DashboardBuilder('Larder operations')
    .uid(operationsBoardUid)
    .description(
      'What runs out next, what to move, how full the next hours are, which cold room is in trouble. Made by npm run generate from dashboards/catalogue.ts: change it there.',
    )
    .tags(['larder', 'operations'])
    .readonly()
    .timezone('browser')
    .time({ from: 'now-12h', to: 'now+12h' })
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder('ds_influx').label('InfluxDB').type('influxdb'))
    .withVariable(new DatasourceVariableBuilder('ds_pg').label('PostgreSQL').type(postgres.type))
    .withVariable(query('site', 'Site').multi(true).includeAll(true))
    .withVariable(query('fan_site', 'Store of the forecast'))
    .withVariable(query('product', 'Product of the forecast'))
    .withVariable(query('gtin', 'GTIN').hide(VariableHide.HideVariable))
    .annotation(
      new AnnotationQueryBuilder()
        .name('Critical alarms')
        .datasource(postgres)
        .enable(true)
        .iconColor('red')
        .target(sqlTarget('Anno', alarmAnnotation, 'table')),
    )
    .link(
      new DashboardLinkBuilder('Other Larder boards')
        .type(DashboardLinkType.Dashboards)
        .tags(['larder'])
        .asDropdown(true)
        .keepTime(true)
        .includeVars(true),
    )
  catalogue.forEach((panel, index) => {
    const w = columnsWide / 2
    const place = { x: (index % 2) * w, y: Math.floor(index / 2) * height, w, h: height }
    board.withPanel(drawPanel(panel, index + 1, place))
  })
  return normalise(board.build())
}

/** As it is committed: keys sorted, so that a difference is a change. */
export function printBoard(board: Json): string {
  return `${JSON.stringify(board, null, 2)}\n`
}
