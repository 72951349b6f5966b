import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import { layOutFan, type FanSeries } from '../data/fan-series.ts'
import type { SalesHistory } from '../data/sales-history.ts'
import type { ForecastView } from '../data/wire.ts'
import { FanLegend } from './fan-legend.tsx'

const height = 250

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}

function columnsOf(fan: FanSeries): uPlot.AlignedData {
  return [
    [...fan.startsAt],
    ...fan.quantiles.map((column) => [...column]),
    [...fan.sold],
    [...fan.baseline],
  ] as uPlot.AlignedData
}

function optionsOf(
  fan: FanSeries,
  forecast: ForecastView,
  timeZone: string,
  width: number,
  onHour: (column: number | null) => void,
): uPlot.Options {
  const stepped = uPlot.paths.stepped?.({ align: 1 })
  const bars = uPlot.paths.bars?.({ align: 1, size: [0.6, 40] })
  const axis = {
    stroke: colour('--dim'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  }
  const steps = (stroke: string, width: number, dash?: number[]): Partial<uPlot.Series> => ({
    stroke,
    width,
    points: { show: false },
    ...(stepped === undefined ? {} : { paths: stepped }),
    ...(dash === undefined ? {} : { dash }),
  })
  return {
    width,
    height,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), timeZone),
    cursor: { drag: { x: false, y: false }, points: { show: false } },
    scales: { y: { range: (_, __, max) => [0, Math.max(max * 1.1, 4)] } },
    axes: [
      { ...axis, values: '{HH}:{mm}', space: 56, size: 28 },
      { ...axis, size: 36, label: 'units an hour', labelSize: 16, labelFont: axis.font },
    ],
    legend: { show: false },
    series: [
      {},
      ...fan.levels.map((p) =>
        steps(p === 0.5 ? colour('--accent') : 'transparent', p === 0.5 ? 2 : 0),
      ),
      {
        stroke: 'transparent',
        fill: colour('--sold'),
        width: 0,
        points: { show: false },
        ...(bars === undefined ? {} : { paths: bars }),
      },
      steps(colour('--warning'), 1.5, [6, 4]),
    ],
    bands: [
      { series: [5, 1], fill: colour('--band-outer') },
      { series: [4, 2], fill: colour('--band-inner') },
    ],
    hooks: {
      setCursor: [
        (chart) => {
          onHour(chart.cursor.idx ?? null)
        },
      ],
      draw: [
        (chart) => {
          const x = Math.round(chart.valToPos(Date.parse(forecast.origin) / 1000, 'x', true))
          chart.ctx.save()
          chart.ctx.strokeStyle = colour('--dim')
          chart.ctx.setLineDash([2, 3])
          chart.ctx.beginPath()
          chart.ctx.moveTo(x, chart.bbox.top)
          chart.ctx.lineTo(x, chart.bbox.top + chart.bbox.height)
          chart.ctx.stroke()
          chart.ctx.restore()
        },
      ],
    },
  }
}

/** Steps of an hour: bands of 50 % and 90 %, the median, what was sold as bars, the first baseline's mean as a dashed line. */
export function FanChart(props: {
  readonly forecast: ForecastView
  readonly history: SalesHistory | null
  readonly timeZone: string
  readonly label: string
}) {
  const { forecast, history, timeZone } = props
  const holder = useRef<HTMLDivElement>(null)
  const [hour, setHour] = useState<number | null>(null)
  const fan = useMemo(() => layOutFan(forecast, history), [forecast, history])
  useEffect(() => {
    const element = holder.current
    if (element === null) return undefined
    let chart: uPlot | null = null
    const draw = () => {
      chart?.destroy()
      chart = new uPlot(
        optionsOf(fan, forecast, timeZone, element.clientWidth, setHour),
        columnsOf(fan),
        element,
      )
    }
    draw()
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    scheme.addEventListener('change', draw)
    const resize = new ResizeObserver(() => {
      if (element.clientWidth > 0 && chart !== null && chart.width !== element.clientWidth) {
        chart.setSize({ width: element.clientWidth, height })
      }
    })
    resize.observe(element)
    return () => {
      scheme.removeEventListener('change', draw)
      resize.disconnect()
      chart?.destroy()
    }
  }, [fan, forecast, timeZone])
  return (
    <>
      <div class="fan" ref={holder} role="img" aria-label={props.label} />
      <FanLegend
        fan={fan}
        column={hour}
        baseline={forecast.baselines[0]?.name ?? null}
        timeZone={timeZone}
      />
    </>
  )
}
