import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type DynamicConfigValue,
  type Panel as GrafanaPanel,
  type Threshold as Step,
} from '@grafana/grafana-foundation-sdk/dashboard'
import {
  GraphDrawStyle,
  GraphThresholdsStyleMode,
  LineInterpolation,
  TableCellHeight,
} from '@grafana/grafana-foundation-sdk/common'
import {
  GraphThresholdsStyleConfigBuilder,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { severityColours, type Panel } from '../catalogue.ts'
import { coldLimits, type Threshold } from '../limits.ts'
import { fluxTarget, influx, mixed, postgres, sqlTarget } from './data-sources.ts'
import { queries } from './queries.ts'

/** Steps that colour a value as `severityOf` judges it. */
export function thresholdSteps(threshold: Threshold | null): Step[] {
  const { good, warning, critical } = severityColours
  if (threshold === null) return [{ value: null, color: good }]
  return threshold.direction === 'above'
    ? [
        { value: null, color: good },
        { value: threshold.warning, color: warning },
        { value: threshold.critical, color: critical },
      ]
    : [
        { value: null, color: critical },
        { value: threshold.critical, color: warning },
        { value: threshold.warning, color: good },
      ]
}

const absolute = (steps: Step[]) =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps)
const steps = (list: Step[]): DynamicConfigValue => ({
  id: 'thresholds',
  value: { mode: 'absolute', steps: list },
})
const unit = (id: string): DynamicConfigValue => ({ id: 'unit', value: id })
const coloured: DynamicConfigValue = { id: 'custom.cellOptions', value: { type: 'color-text' } }
const words = (map: Readonly<Record<string, readonly [text: string, color: string]>>) => ({
  id: 'mappings',
  value: [
    {
      type: 'value',
      options: Object.fromEntries(
        Object.entries(map).map(([value, [text, color]], index) => [value, { text, color, index }]),
      ),
    },
  ],
})

function targetsOf(panel: Panel) {
  return panel.queries.map((name, index) => {
    const query = queries[name]
    if (query === undefined) throw new Error(`no query ${name} for the panel ${panel.id}`)
    const refId = String.fromCharCode(65 + index)
    return query.language === 'flux'
      ? fluxTarget(refId, query.text)
      : sqlTarget(refId, query.text, query.format)
  })
}

function sourceOf(panel: Panel) {
  const languages = new Set(panel.queries.map((name) => queries[name]?.language))
  if (languages.size > 1) return mixed
  return languages.has('flux') ? influx : postgres
}

function table(): TableBuilder {
  return new TableBuilder().cellHeight(TableCellHeight.Sm).unit('short')
}

function curve(panel: Panel): TimeSeriesBuilder {
  return new TimeSeriesBuilder()
    .unit(panel.unit)
    .interval('1m')
    .lineWidth(2)
    .fillOpacity(0)
    .spanNulls(false)
    .legend(new VizLegendOptionsBuilder().showLegend(true).calcs(['lastNotNull']))
    .thresholds(absolute(thresholdSteps(panel.threshold)))
}

const { good, warning, critical } = severityColours

/** The catalogue's panel as Grafana draws it, without its place. */
const drawings: Readonly<Record<Panel['id'], (panel: Panel) => TableBuilder | TimeSeriesBuilder>> =
  {
    'run-out': () =>
      table()
        .overrideByName('State', [
          coloured,
          words({
            0: ['enough', good],
            1: ['possible', warning],
            2: ['likely', critical],
            3: ['empty', critical],
          }),
        ])
        .overrideByName('As of', [unit('dateTimeFromNow')])
        .overrideByRegexp('12 h .*', [{ id: 'decimals', value: 1 }]),
    'forecast-fan': (panel) =>
      curve(panel)
        .interval('1h')
        .lineInterpolation(LineInterpolation.StepAfter)
        .overrideByName('P95', [{ id: 'custom.fillBelowTo', value: 'P5' }])
        .overrideByName('P75', [{ id: 'custom.fillBelowTo', value: 'P25' }])
        .overrideByRegexp('P(5|25|75|95)', [
          { id: 'custom.lineWidth', value: 0 },
          { id: 'custom.fillOpacity', value: 20 },
        ])
        .overrideByQuery('B', [
          { id: 'displayName', value: 'Sold' },
          { id: 'custom.drawStyle', value: 'bars' },
          { id: 'custom.fillOpacity', value: 50 },
        ]),
    transfers: () =>
      table()
        .overrideByName('Proposed', [unit('dateTimeFromNow')])
        .overrideByRegexp('Value to receiver|Loss to giver|Handling|Trip share|Saves', [
          { id: 'decimals', value: 2 },
        ])
        .overrideByName('Status', [
          coloured,
          words({
            proposed: ['proposed', warning],
            approved: ['approved', good],
            in_transit: ['on its way', good],
            received: ['received', good],
            short: ['received short', critical],
          }),
        ]),
    slots: (panel) =>
      curve(panel)
        .drawStyle(GraphDrawStyle.Bars)
        .fillOpacity(60)
        .thresholdsStyle(
          new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Line),
        ),
    'cold-rooms': (panel) => {
      const frozen = coldLimits.find((limit) => limit.zone === 'frozen') ?? null
      return curve(panel)
        .displayName('${__field.labels.site} ${__field.labels.device}')
        .thresholdsStyle(
          new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Line),
        )
        .overrideByRegexp('.*frozen.*', [steps(thresholdSteps(frozen))])
    },
    'device-health': (panel) =>
      table()
        .overrideByName('Battery', [
          unit(panel.unit),
          coloured,
          steps(thresholdSteps(panel.threshold)),
        ])
        .overrideByName('Last seen', [unit('dateTimeFromNow')])
        .overrideByName('Connection', [
          coloured,
          words({
            online: ['online', good],
            offline: ['offline', critical],
            sleeping: ['asleep', good],
            unknown: ['unknown', warning],
          }),
        ]),
    'live-readings': (panel) => curve(panel).displayName('${__field.labels.site}'),
    alarms: () =>
      table()
        .overrideByName('Raised', [unit('dateTimeFromNow')])
        .overrideByName('Severity', [
          coloured,
          words({
            critical: ['critical', critical],
            warning: ['warning', warning],
            info: ['info', good],
          }),
        ]),
  }

export function drawPanel(
  panel: Panel,
  id: number,
  place: { readonly x: number; readonly y: number; readonly w: number; readonly h: number },
): Builder<GrafanaPanel> {
  return drawings[panel.id](panel)
    .id(id)
    .title(panel.title)
    .description(panel.question)
    .datasource(sourceOf(panel))
    .targets(targetsOf(panel))
    .noValue('no value')
    .gridPos(place)
}
